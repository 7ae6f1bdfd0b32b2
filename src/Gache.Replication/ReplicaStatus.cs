using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What this replica is in its shard at the moment.</summary>
public enum ReplicaRole
{
    /// <summary>In no shard: waiting to join, or not allowed to found.</summary>
    Outside,

    /// <summary>Follows, and does not count.</summary>
    Learner,

    /// <summary>Follows.</summary>
    Follower,

    /// <summary>Asks for votes.</summary>
    Candidate,

    /// <summary>Leads.</summary>
    Leader,
}

/// <summary>One member as this replica sees it.</summary>
/// <param name="Node">Its id.</param>
/// <param name="RaftAddress">Its raft address.</param>
/// <param name="ApiAddress">Its API address.</param>
/// <param name="Role"><c>leader</c>, <c>voter</c> or <c>learner</c>.</param>
/// <param name="LagEntries">How many entries it is behind; only the leader knows, null elsewhere.</param>
/// <param name="IsReachable">Whether it was heard within an election timeout; only the leader knows of all, others of the leader; while nobody leads, false for those without a connection.</param>
public sealed record MemberStatus(NodeId Node, string RaftAddress, string ApiAddress, string Role, ulong? LagEntries, bool? IsReachable);

/// <summary>A picture of the replica for <c>/cluster</c>, <c>/readyz</c> and <c>/metrics</c>; immutable, replaced every tick in which it changed.</summary>
public sealed record ReplicaStatus
{
    /// <summary>The picture of a node that belongs to no shard.</summary>
    /// <param name="node">Its id.</param>
    /// <param name="why">Why it serves nobody, in words.</param>
    /// <param name="maxStoreBytes">The bound on its store's memory.</param>
    public static ReplicaStatus Outside(NodeId node, string why, long maxStoreBytes) => new()
    {
        Node = node, Shard = default, Cluster = default, Role = ReplicaRole.Outside, Term = 0, Leader = default, LeaderApi = null, IsLeaderHeard = false,
        Members = [], FirstIndex = 1, LastIndex = 0, DurableIndex = 0, CommitIndex = 0, AppliedIndex = 0, SnapshotIndex = 0,
        ShardCommitIndex = 0, ShardCommitIndexSecondAgo = null, HasCaughtUp = false, IsLoading = false,
        Revision = 0, KeyCount = 0,
        StoreBytes = 0, MaxStoreBytes = maxStoreBytes, Checksum = default, ChecksumIndex = 0, QueuedRequests = 0,
        Alarms = [why], MayServe = false, HasRoomForSlots = false,
    };

    /// <summary>Whether slots of other shards find room: a tenth of the memory, of the answers kept for repeats, and the disk's reserve are left to
    /// the clients of the slots that are here.</summary>
    public required bool HasRoomForSlots { get; init; }

    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Its shard, or none.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>Its cluster, or none.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>What it is in its shard.</summary>
    public required ReplicaRole Role { get; init; }

    /// <summary>Its term.</summary>
    public required ulong Term { get; init; }

    /// <summary>The leader it knows in this term, or none.</summary>
    public required NodeId Leader { get; init; }

    /// <summary>The leader's API address, or null.</summary>
    public required string? LeaderApi { get; init; }

    /// <summary>True if the leader was heard within one election timeout (the leader itself: a quorum was).</summary>
    public required bool IsLeaderHeard { get; init; }

    /// <summary>The members in the configuration in force.</summary>
    public required IReadOnlyList<MemberStatus> Members { get; init; }

    /// <summary>The first index the log holds.</summary>
    public required ulong FirstIndex { get; init; }

    /// <summary>The last index in the log.</summary>
    public required ulong LastIndex { get; init; }

    /// <summary>The last index in stable storage here.</summary>
    public required ulong DurableIndex { get; init; }

    /// <summary>The commit index known here.</summary>
    public required ulong CommitIndex { get; init; }

    /// <summary>The last index applied here.</summary>
    public required ulong AppliedIndex { get; init; }

    /// <summary>The highest index that the shard has committed as far as this replica was told; here it may be neither in the log nor applied.</summary>
    public required ulong ShardCommitIndex { get; init; }

    /// <summary>What <see cref="ShardCommitIndex"/> was a second ago; null if this process has not heard a leader for so long.</summary>
    public required ulong? ShardCommitIndexSecondAgo { get; init; }

    /// <summary>Whether this process has ever applied what its shard had committed when it first heard of it.</summary>
    public required bool HasCaughtUp { get; init; }

    /// <summary>True while the store is being replaced by a snapshot from the leader.</summary>
    public required bool IsLoading { get; init; }

    /// <summary>The last snapshot's index.</summary>
    public required ulong SnapshotIndex { get; init; }

    /// <summary>The store's revision.</summary>
    public required ulong Revision { get; init; }

    /// <summary>Keys in the store.</summary>
    public required long KeyCount { get; init; }

    /// <summary>The highest epoch of the slots that are served here.</summary>
    public ulong SlotEpoch { get; init; } = 1;

    /// <summary>The store's memory in bytes.</summary>
    public required long StoreBytes { get; init; }

    /// <summary>The bound on the store's memory in bytes that is in force.</summary>
    public required long MaxStoreBytes { get; init; }

    /// <summary>The checksum of the state at <see cref="ChecksumIndex"/>.</summary>
    public required UInt128 Checksum { get; init; }

    /// <summary>The applied index that <see cref="Checksum"/> was taken at.</summary>
    public required ulong ChecksumIndex { get; init; }

    /// <summary>Requests that wait.</summary>
    public required int QueuedRequests { get; init; }

    /// <summary>Requests that wait for a key to become what they ask for, or for a revision.</summary>
    public int WaitingRequests { get; init; }

    /// <summary>Why the node does not serve, or what an operator should look at; one sentence each, empty when all is well.</summary>
    public required IReadOnlyList<string> Alarms { get; init; }

    /// <summary>False while the node may not answer key requests at all; <see cref="Alarms"/> says why.</summary>
    public required bool MayServe { get; init; }
}
