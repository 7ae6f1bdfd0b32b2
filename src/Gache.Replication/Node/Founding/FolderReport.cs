using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a node says of its data folder when one that may found a shard asks (design: Identity).</summary>
/// <param name="Node">Its id.</param>
/// <param name="ApiAddress">The API address that it tells others, <c>host:port</c>; empty if it did not say.</param>
/// <param name="IsEmpty">Whether it never heard of a shard at first hand: it was of none, and no member looked for one of its own at its address.</param>
/// <param name="Shard">Its shard, or none.</param>
/// <param name="First">The first of its own <c>--raft-join</c>: whom it lets found. Null if it has none, and so may found by itself.</param>
public sealed record FolderReport(NodeId Node, string ApiAddress, bool IsEmpty, ShardId Shard, string? First)
{
    /// <summary>Somebody answered, and not with a report: an older version, a node that is starting, or no gache at all. It is no consent.</summary>
    public static FolderReport Unclear { get; } = new(default, "", false, default, null);

    /// <summary>Why it agrees to no founding at the moment, in words without a full stop; null if nothing speaks against it.</summary>
    public string? Objection { get; init; }

    /// <summary>The one founding that it agreed to; null if it agreed to none.</summary>
    public FoundingConsent? Consent { get; init; }
}

/// <summary>A founding that nodes with empty folders are asked to agree to.</summary>
/// <remarks>
/// Each agrees to one only, durably before it says so, and for good: the founder may be at work while nobody reaches it. A consent ends when
/// the node that gave it is of a shard, or when its folder is emptied. It is for a shard's id, which the founder's folder holds before anybody is
/// asked: a founder that crashes half-way goes on, and one that lost its folder is told apart.
/// </remarks>
/// <param name="Shard">The id that the shard is to have.</param>
/// <param name="Founder">The node that asked for it.</param>
/// <param name="ApiAddress">Its API address, <c>host:port</c>: the first of <c>--raft-join</c>.</param>
public sealed record FoundingConsent(ShardId Shard, NodeId Founder, string ApiAddress);
