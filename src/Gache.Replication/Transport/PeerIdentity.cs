using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a node says of itself when a connection begins (the preamble), and what a probe of an address finds out.</summary>
/// <param name="Node">The node's id.</param>
/// <param name="Shard">Its shard, or none while it joins one or has not founded one yet.</param>
/// <param name="Cluster">Its cluster, or none likewise.</param>
/// <param name="Nonce">A random number of this process: another one means the node was restarted.</param>
/// <param name="RaftAddress">Its advertised raft address.</param>
/// <param name="ApiAddress">Its advertised API address.</param>
public sealed record PeerIdentity(NodeId Node, ShardId Shard, ClusterId Cluster, ulong Nonce, string RaftAddress, string ApiAddress);

/// <summary>A peer to stay connected to.</summary>
/// <param name="Node">Whom the other end must be; a connection that meets another id there is refused by name.</param>
/// <param name="RaftAddress">Where to dial, <c>host:port</c>; names are resolved anew with each try.</param>
public readonly record struct PeerAddress(NodeId Node, string RaftAddress);
