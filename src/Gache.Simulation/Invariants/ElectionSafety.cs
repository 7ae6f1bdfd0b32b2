using Gache.Primitives;
using Gache.Raft;

namespace Gache.Simulation;

/// <summary>At most one leader in a term (paper figure 3).</summary>
internal sealed class ElectionSafety
{
    private readonly Dictionary<ulong, NodeId> leaders = [];

    /// <summary>How many terms had a leader.</summary>
    public int LedTerms => leaders.Count;

    /// <summary>Sees a leader; a violation if its term has another.</summary>
    public Violation? See(RaftCore core)
    {
        if (leaders.TryAdd(core.Term, core.Id) || leaders[core.Term] == core.Id) return null;
        return new("election safety", $"{core.Id} and {leaders[core.Term]} both lead term {core.Term}");
    }
}
