using Gache.Raft;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// "Not applied" of a write that was proposed may be said only when a committed entry of another term stands at its index, or when apply itself
/// refused it (P11): that it was truncated from one log proves nothing. A write that waits may have been proposed several times, and declined.
/// </summary>
internal sealed class RefusedProposals(CommittedLog committed)
{
    private readonly Dictionary<long, List<(ulong Index, ulong Term)>> places = [];
    private readonly HashSet<(long Value, ulong Index)> declined = [];
    private readonly HashSet<long> refusedByApply = [];

    /// <summary>A leader's log holds an entry: where each value stands.</summary>
    public void See(in Entry entry)
    {
        if (entry.Kind != EntryKind.Command || !Command.TryParse(entry.Payload.Span, out CommandView view) || view.Value.IsEmpty) return;
        long value = ValueCodec.Decode(view.Value);
        if (value == Operation.ForeignValue) return;
        if (!places.TryGetValue(value, out List<(ulong Index, ulong Term)>? at)) places.Add(value, at = []);
        if (!at.Contains((entry.Index, entry.Term))) at.Add((entry.Index, entry.Term));
    }

    /// <summary>Apply refused the write of this value: its slot was not served. (That nobody ever reads it is the history's to show.)</summary>
    public void RefusedByApply(long value) => refusedByApply.Add(value);

    /// <summary>Apply declined the write of this value at this index: its condition did not hold, and it goes on waiting.</summary>
    public void DeclinedByApply(in Entry entry)
    {
        if (Command.TryParse(entry.Payload.Span, out CommandView view) && !view.Value.IsEmpty) declined.Add((ValueCodec.Decode(view.Value), entry.Index));
    }

    /// <summary>A write of this value was refused as surely not applied.</summary>
    public Violation? Refused(long value)
    {
        if (refusedByApply.Contains(value) || !places.TryGetValue(value, out List<(ulong Index, ulong Term)>? at)) return null; // or never proposed
        foreach ((ulong index, ulong term) in at)
        {
            ulong? there = committed.TermAt(index);
            if ((there is not null && there != term) || declined.Contains((value, index))) continue;
            return new(
                "refused too early",
                $"the write of v{value} stands at {index} of term {term} and was called not applied; committed there: {(there is ulong other ? $"term {other}" : "nothing")}");
        }

        return null;
    }
}
