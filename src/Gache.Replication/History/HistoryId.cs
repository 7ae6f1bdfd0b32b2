using Gache.Primitives;

namespace Gache.Replication;

/// <summary>Names one replica's history for as long as it goes on without a break: offsets of another one mean nothing in it.</summary>
/// <param name="Node">Whose it is.</param>
/// <param name="ProcessNonce">Of which process.</param>
/// <param name="Resets">How often a snapshot replaced the state, and so began it anew.</param>
public readonly record struct HistoryId(NodeId Node, ulong ProcessNonce, uint Resets);
