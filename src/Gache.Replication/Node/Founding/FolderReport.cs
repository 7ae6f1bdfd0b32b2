using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a node says of its data folder when one that may found a shard asks (design: Identity).</summary>
/// <param name="Node">Its id.</param>
/// <param name="ApiAddress">The API address that it tells others, <c>host:port</c>; empty if it did not say.</param>
/// <param name="IsEmpty">Whether it never heard of a shard; false also for a node that lost its data and begins anew.</param>
/// <param name="Shard">Its shard, or none.</param>
/// <param name="First">The first of its own <c>--raft-join</c>: whom it lets found. Null if it has none, and so may found by itself.</param>
public sealed record FolderReport(NodeId Node, string ApiAddress, bool IsEmpty, ShardId Shard, string? First)
{
    /// <summary>Somebody answered, and not with a report: an older version, a node that is starting, or no gache at all. It is no consent.</summary>
    public static FolderReport Unclear { get; } = new(default, "", false, default, null);
}
