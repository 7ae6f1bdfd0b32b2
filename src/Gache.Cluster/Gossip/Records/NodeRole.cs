namespace Gache.Cluster;

/// <summary>What a node is in its shard, as it says itself.</summary>
public enum NodeRole : byte
{
    /// <summary>It belongs to no shard (yet): it routes.</summary>
    Outside = 0,

    /// <summary>It catches up and does not vote.</summary>
    Learner = 1,

    /// <summary>It follows a leader.</summary>
    Follower = 2,

    /// <summary>It asks for votes.</summary>
    Candidate = 3,

    /// <summary>It leads its shard.</summary>
    Leader = 4,
}
