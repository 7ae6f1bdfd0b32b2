using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>One node as gossip tells of it.</summary>
/// <param name="Record">What it says of itself.</param>
/// <param name="Load">How much it holds; null if it has not said yet.</param>
/// <param name="IsAlive">Whether its heartbeat rises, as seen from here.</param>
/// <param name="Since">Since when it is alive or not, by this node's wall clock.</param>
public sealed record NodeView(NodeRecord Record, LoadRecord? Load, bool IsAlive, DateTimeOffset Since);

/// <summary>What gossip has told this node: an immutable picture, only ever a hint.</summary>
public sealed class ClusterView
{
    internal ClusterView(ulong number, ClusterId cluster, IReadOnlyList<NodeView> nodes) => (Number, Cluster, Nodes) = (number, cluster, nodes);

    /// <summary>Rises with each picture of this process.</summary>
    public ulong Number { get; }

    /// <summary>The own cluster, or the first heard of while there is none; none if neither.</summary>
    public ClusterId Cluster { get; }

    /// <summary>All known nodes, this one too, by id. Dead ones stay for 15 minutes; forgotten ones do not appear.</summary>
    public IReadOnlyList<NodeView> Nodes { get; }

    /// <summary>The node that clients reach at this API address, a live one before those that were there earlier; null if none is known.</summary>
    public NodeView? FindAt(string apiAddress) => Nodes.Where(node => node.Record.ApiAddress == apiAddress).MaxBy(node => node.IsAlive);

    /// <summary>A node by its id; null if it is not known.</summary>
    public NodeView? Find(NodeId node)
    {
        (int low, int high) = (0, Nodes.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = Nodes[middle].Record.Node.CompareTo(node);
            if (order == 0) return Nodes[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }
}
