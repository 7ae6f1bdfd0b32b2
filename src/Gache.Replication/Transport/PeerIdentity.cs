using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a node says of itself when a connection begins (the preamble), and what a probe of an address finds out.</summary>
/// <param name="Node">The node's id.</param>
/// <param name="Shard">Its shard, or none while it joins one or has not founded one yet.</param>
/// <param name="Cluster">Its cluster, or none likewise.</param>
/// <param name="Nonce">A random number of this process: another one means the node was restarted.</param>
/// <param name="RaftAddress">Its advertised raft address.</param>
/// <param name="ApiAddress">Its advertised API address.</param>
public sealed record PeerIdentity(NodeId Node, ShardId Shard, ClusterId Cluster, ulong Nonce, string RaftAddress, string ApiAddress)
{
    /// <summary>Why these two must not talk, in words that name both sides; null if nothing speaks against it.</summary>
    /// <param name="other">Who is at the other end.</param>
    /// <param name="expected">Whom one side wanted to meet at the address of <paramref name="other"/>; none if it takes anybody.</param>
    /// <remarks>A node that is in no shard or cluster yet may talk to any.</remarks>
    public string? MismatchWith(PeerIdentity other, NodeId expected)
    {
        if (!expected.IsNone && expected != other.Node)
            return $"node {expected} was expected at {other.RaftAddress}, and node {other.Node} is there (of shard {NameOf(other.Shard)})";
        if (!Cluster.IsNone && !other.Cluster.IsNone && Cluster != other.Cluster)
            return $"node {other.Node} belongs to cluster {other.Cluster}, node {Node} to cluster {Cluster}";
        if (!Shard.IsNone && !other.Shard.IsNone && Shard != other.Shard)
            return $"node {other.Node} belongs to shard {other.Shard}, node {Node} to shard {Shard}";
        return null;
    }

    private static string NameOf(ShardId shard) => shard.IsNone ? "none" : shard.ToString();
}

/// <summary>A peer to stay connected to.</summary>
/// <param name="Node">Whom the other end must be; a connection that meets another id there is refused by name.</param>
/// <param name="RaftAddress">Where to dial, <c>host:port</c>; names are resolved anew with each try.</param>
public readonly record struct PeerAddress(NodeId Node, string RaftAddress);
