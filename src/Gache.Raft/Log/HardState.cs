using Gache.Primitives;

namespace Gache.Raft;

/// <summary>What a node must never forget, whatever else it does (paper figure 2, "persistent state").</summary>
/// <param name="Term">The latest term it has seen.</param>
/// <param name="Vote">Whom it voted for in that term, or none.</param>
public readonly record struct HardState(ulong Term, NodeId Vote);
