using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Another node, as it may be reached.</summary>
/// <param name="Node">Its id.</param>
/// <param name="ApiAddress">Where clients reach it.</param>
/// <param name="ClusterAddress">Where nodes reach it.</param>
public sealed record ClusterPeer(NodeId Node, string ApiAddress, string ClusterAddress);

/// <summary>Finds the leaders of shards; a hint, as all that gossip tells.</summary>
public interface IShardFinder
{
    /// <summary>The node that leads a shard, as far as is known; null if none is known to be alive.</summary>
    ClusterPeer? LeaderOf(ShardId shard);

    /// <summary>Whether any node of the shard is known, dead or alive.</summary>
    bool Knows(ShardId shard);
}
