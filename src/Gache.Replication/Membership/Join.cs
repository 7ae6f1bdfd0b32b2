using Gache.Primitives;
using Gache.Store;

namespace Gache.Replication;

/// <summary>Somebody asks to become a member of this shard, or a member tells a changed address.</summary>
/// <param name="RaftAddress">Where its raft port is; the leader dials it and must meet <paramref name="Node"/> there.</param>
/// <param name="Node">Its id; none if the asker did not say (the original's <c>/join?addr=</c>): then whoever answers there.</param>
/// <param name="ApiAddress">Its API address; null if the asker did not say: then what it tells when dialled.</param>
/// <param name="Cluster">The cluster it belongs to, or none.</param>
/// <param name="Shard">The shard it belongs to (a member that tells its address), or none.</param>
public sealed record JoinRequest(string RaftAddress, NodeId Node, string? ApiAddress, ClusterId Cluster, ShardId Shard)
{
    /// <summary>The slots that the asker expects the shard to have; null for any. Only a node with an empty folder is held to it.</summary>
    public SlotSet? Slots { get; init; }
}

/// <summary>Why a join was refused for good: another try with the same words cannot succeed.</summary>
public enum JoinRefusal
{
    /// <summary>Not refused.</summary>
    None,

    /// <summary>The raft address belongs to a member that is alive.</summary>
    AddressInUse,

    /// <summary>Nobody, or another node, answered at the raft address.</summary>
    NotReachable,

    /// <summary>The joiner belongs to another cluster or shard.</summary>
    WrongShard,
}

/// <summary>The answer to a join.</summary>
/// <param name="Refusal">Why it could not be taken up now (no leader, not the leader, …), or null.</param>
/// <param name="Verdict">Why it was refused by name, or none.</param>
/// <param name="Detail">In words.</param>
/// <param name="Cluster">On success the cluster's id.</param>
/// <param name="Shard">On success the shard's id.</param>
/// <param name="Node">On success the id that was added.</param>
public sealed record JoinAnswer(
    Refusal? Refusal, JoinRefusal Verdict, string Detail, ClusterId Cluster = default, ShardId Shard = default, NodeId Node = default)
{
    /// <summary>On success the slots that the shard serves at the moment.</summary>
    public SlotSet Slots { get; init; } = new();
}
