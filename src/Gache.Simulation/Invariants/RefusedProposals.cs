using Gache.Raft;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// "Not applied" of a write that was proposed may be said only when a committed entry of another term stands at its index, or when apply itself
/// refused it (P11): that it was truncated from one log proves nothing.
/// </summary>
internal sealed class RefusedProposals(CommittedLog committed)
{
    private readonly Dictionary<long, (ulong Index, ulong Term)> places = [];
    private readonly HashSet<long> refusedByApply = [];

    /// <summary>A leader's log holds an entry: where each value stands.</summary>
    public void See(in Entry entry)
    {
        if (entry.Kind != EntryKind.Command || !Command.TryParse(entry.Payload.Span, out CommandView view) || view.Value.IsEmpty) return;
        long value = ValueCodec.Decode(view.Value);
        if (value != Operation.ForeignValue) places.TryAdd(value, (entry.Index, entry.Term));
    }

    /// <summary>Apply refused the write of this value: its slot was not served. (That nobody ever reads it is the history's to show.)</summary>
    public void RefusedByApply(long value) => refusedByApply.Add(value);

    /// <summary>A write of this value was refused as surely not applied.</summary>
    public Violation? Refused(long value)
    {
        if (refusedByApply.Contains(value) || !places.TryGetValue(value, out (ulong Index, ulong Term) place)) return null; // or never proposed
        return committed.TermAt(place.Index) is ulong term && term != place.Term ? null : new(
            "refused too early",
            $"the write of v{value} stands at {place.Index} of term {place.Term} and was called not applied; committed there: {(committed.TermAt(place.Index) is ulong other ? $"term {other}" : "nothing")}");
    }
}
