using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication;

/// <summary>What travels between two members of a shard: the core's messages, snapshots, and what concerns membership itself.</summary>
public abstract record PeerMessage
{
    /// <summary>The receiver.</summary>
    public required NodeId To { get; init; }
}

/// <summary>A message of the consensus core, with what the replicas tell each other along with it.</summary>
public sealed record CoreMessage : PeerMessage
{
    /// <summary>The core's message.</summary>
    public required Message Message { get; init; }

    /// <summary>From the leader: its store time in milliseconds; 0 from others.</summary>
    public ulong StoreTimeMilliseconds { get; init; }

    /// <summary>From the leader: how far the shard has committed, whatever the receiver has of it, so that it knows how far it is behind; 0 from
    /// others, and from a leader that does not know it yet.</summary>
    public ulong ShardCommitIndex { get; init; }

    /// <summary>From a follower, in its answers.</summary>
    public MemberReport Report { get; init; }
}

/// <summary>What a follower tells its leader with each answer.</summary>
/// <param name="AppliedIndex">How far its store has come.</param>
/// <param name="ChecksumIndex">The last fixed index (a multiple of 4,096) that it applied, or 0.</param>
/// <param name="Checksum">The checksum of its state at that index (P5).</param>
/// <param name="MaxMemoryBytes">Its bound on the store's memory.</param>
/// <param name="IsSpaceLow">Its disk has no room for the next segment and snapshot: the leader stops taking puts.</param>
public readonly record struct MemberReport(
    ulong AppliedIndex, ulong ChecksumIndex, UInt128 Checksum, long MaxMemoryBytes, bool IsSpaceLow);

/// <summary>A piece of a snapshot file, leader to follower, on the bulk connection.</summary>
public sealed record SnapshotChunk : PeerMessage
{
    /// <summary>The most bytes in one chunk: 256 KiB.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>The sender.</summary>
    public required NodeId From { get; init; }

    /// <summary>The sender's term.</summary>
    public required ulong Term { get; init; }

    /// <summary>The last entry that the snapshot holds.</summary>
    public required ulong SnapshotIndex { get; init; }

    /// <summary>That entry's term.</summary>
    public required ulong SnapshotTerm { get; init; }

    /// <summary>Where the bytes stand in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>The file's length in bytes.</summary>
    public required long TotalLength { get; init; }

    /// <summary>At most <see cref="MaxBytes"/>.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }
}

/// <summary>The follower's answer to a chunk: where it wants to go on, or that it cannot.</summary>
public sealed record SnapshotChunkAnswer : PeerMessage
{
    /// <summary>The sender.</summary>
    public required NodeId From { get; init; }

    /// <summary>The follower's term.</summary>
    public required ulong Term { get; init; }

    /// <summary>Which snapshot.</summary>
    public required ulong SnapshotIndex { get; init; }

    /// <summary>The next offset it wants; the file's length when it has all.</summary>
    public required long NextOffset { get; init; }

    /// <summary>The transfer failed (a bad checksum, no space): begin again later.</summary>
    public required bool IsRefused { get; init; }
}

/// <summary>
/// The leader to a member that lost data: say nothing more in this shard's elections, keep the folder, and wait (P7). And such a member to the
/// others, who may know nothing of it: a leader replaces it, or tells it that this was done.
/// </summary>
public sealed record LostDataNotice : PeerMessage
{
    /// <summary>The sender.</summary>
    public required NodeId From { get; init; }

    /// <summary>The sender's term.</summary>
    public required ulong Term { get; init; }

    /// <summary>True if the sender speaks of itself: a leader always names members to rejoin at.</summary>
    public bool IsAboutSender => ApiAddresses.Count == 0;

    /// <summary>True once a quorum of the others has committed the member's removal: it may set its folder aside and rejoin empty.</summary>
    public required bool IsRemoved { get; init; }

    /// <summary>API addresses of the members, to rejoin at.</summary>
    public required IReadOnlyList<string> ApiAddresses { get; init; }
}
