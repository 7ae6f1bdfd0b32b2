using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>What a node says of itself when a connection to a cluster port begins.</summary>
/// <param name="Node">Its id; none before its folder is opened, and then it neither calls nor is called.</param>
/// <param name="Cluster">Its cluster; none while it seeks one.</param>
/// <param name="ProcessNonce">Differs between two processes of one node.</param>
public readonly record struct ClusterIdentity(NodeId Node, ClusterId Cluster, ulong ProcessNonce)
{
    /// <summary>Why the dialler must not be served here, in words that name both sides; null if nothing speaks against it.</summary>
    /// <param name="dialler">Who dialled.</param>
    /// <param name="expected">Whom it wanted to meet; none if it takes anybody.</param>
    /// <remarks>A node without a cluster may talk to any; two clusters never merge.</remarks>
    public string? MismatchWith(in ClusterIdentity dialler, NodeId expected)
    {
        if (!expected.IsNone && expected != Node) return $"node {expected} was expected here, and this is node {Node}";
        if (Cluster.IsNone || dialler.Cluster.IsNone || Cluster == dialler.Cluster) return null;
        return $"this node {Node} belongs to cluster {Cluster}, node {dialler.Node} to cluster {dialler.Cluster}: two clusters never merge";
    }
}
