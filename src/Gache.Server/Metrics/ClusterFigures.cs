using Gache.Cluster;

namespace Gache.Server.Metrics;

/// <summary>What a node of a cluster knows and counts beside its shard; each figure is made when it is asked for.</summary>
internal sealed class ClusterFigures(ClusterNode cluster, CallCounters calls)
{
    /// <summary>What gossip did.</summary>
    public GossipCounters Gossip => cluster.GossipCounters;

    /// <summary>What went over the cluster port.</summary>
    public CallCounters Calls => calls;

    /// <summary>Slots that no shard is known to own.</summary>
    public int SlotsUnassigned => cluster.Map.Unassigned().Count;

    /// <summary>Slots whose shard has no live leader that is known.</summary>
    public int SlotsUnreachable => cluster.Map.Unreachable().Count;

    /// <summary>Slots that this node, as their source, works on.</summary>
    public int SlotsUnderWay => cluster.SlotsUnderWay;

    /// <summary>Slots that this node moved to other shards since it began.</summary>
    public long SlotsMoved => cluster.SlotsMoved;

    /// <summary>What an operator should look at, as in <c>/readyz</c>.</summary>
    public int Warnings => cluster.Warnings.Count;

    /// <summary>How many nodes of the cluster are known here and alive, or are not; this one among them.</summary>
    public int CountNodes(bool isAlive) => cluster.View.Nodes.Count(node => node.IsAlive == isAlive);
}
