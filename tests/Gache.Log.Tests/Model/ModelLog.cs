using Gache.Raft;

namespace Gache.Log.Tests;

/// <summary>What a log should hold, kept in the plainest way; it forgets no entry, so that what is still on disk can be compared.</summary>
internal sealed class ModelLog
{
    private readonly SortedDictionary<ulong, Entry> entries = [];
    private ulong baseIndex;
    private ulong baseTerm;

    public HardState HardState { get; private set; }

    public SnapshotMark? Mark { get; private set; }

    public ulong LastIndex { get; private set; }

    public ulong LastTerm => TermAt(LastIndex) ?? 0;

    public ulong MarkIndex => Mark?.Index ?? 0;

    public ModelLog Clone()
    {
        var copy = new ModelLog { HardState = HardState, Mark = Mark, LastIndex = LastIndex, baseIndex = baseIndex, baseTerm = baseTerm };
        foreach ((ulong index, Entry entry) in entries) copy.entries.Add(index, entry);
        return copy;
    }

    public ulong? TermAt(ulong index) =>
        index == baseIndex ? baseTerm : entries.TryGetValue(index, out Entry entry) ? entry.Term : null;

    public IEnumerable<Entry> From(ulong first) => entries.Values.Where(e => e.Index >= first);

    public void Apply(LogWrite write)
    {
        foreach (Action<ModelLog> step in Steps(write)) step(this);
    }

    /// <summary>A write as the records that it becomes; a crash may keep any prefix of them.</summary>
    public static IEnumerable<Action<ModelLog>> Steps(LogWrite write)
    {
        if (write.HardState is { } hardState) yield return m => m.HardState = hardState;
        if (write.Snapshot is { } mark) yield return m => m.Take(mark);
        if (write.Entries.Length == 0) yield break;
        ulong first = write.Entries.Span[0].Index;
        yield return m => m.TruncateFrom(first);
        foreach (Entry entry in write.Entries.ToArray()) yield return m => m.Append(entry);
    }

    /// <summary>Null if the recovered log is this one, else the first difference.</summary>
    public string? DifferenceTo(Recovered recovered, IReadOnlyList<Entry> held)
    {
        if (recovered.HardState != HardState) return $"hard state {recovered.HardState}, not {HardState}";
        if (recovered.Snapshot != Mark) return $"snapshot {recovered.Snapshot}, not {Mark}";
        if (recovered.LastIndex != LastIndex) return $"last index {recovered.LastIndex}, not {LastIndex}";
        if (recovered.FirstIndex > MarkIndex + 1) return $"first index {recovered.FirstIndex} behind the snapshot at {MarkIndex}";
        Entry[] wanted = [.. From(recovered.FirstIndex)];
        if (Difference(wanted, held) is { } difference) return difference;
        if (Difference([.. wanted.Where(e => e.Kind == EntryKind.Configuration)], recovered.Configurations) is { } other) return "configurations: " + other;
        foreach (Entry entry in wanted)
        {
            if (recovered.Terms.Last(r => r.FirstIndex <= entry.Index).Term != entry.Term) return $"the term of {entry.Index} in the runs";
        }

        return null;
    }

    public static string? Difference(IReadOnlyList<Entry> wanted, IReadOnlyList<Entry> held)
    {
        if (wanted.Count != held.Count) return $"{held.Count} entries, not {wanted.Count}";
        for (int i = 0; i < wanted.Count; i++)
        {
            if (wanted[i].Index != held[i].Index || wanted[i].Term != held[i].Term || wanted[i].Kind != held[i].Kind
                || !wanted[i].Payload.Span.SequenceEqual(held[i].Payload.Span))
            {
                return $"entry {held[i].Index}/{held[i].Term}, not {wanted[i].Index}/{wanted[i].Term}, or another payload";
            }
        }

        return null;
    }

    private void Take(SnapshotMark mark)
    {
        bool isHeld = mark.Index <= LastIndex && (TermAt(mark.Index) == mark.Term || (mark.Index == MarkIndex && mark.Term == Mark?.Term));
        Mark = mark;
        if (isHeld) return;
        entries.Clear();
        (LastIndex, baseIndex, baseTerm) = (mark.Index, mark.Index, mark.Term);
    }

    private void TruncateFrom(ulong first)
    {
        while (LastIndex >= first) entries.Remove(LastIndex--);
    }

    private void Append(Entry entry)
    {
        entries.Add(entry.Index, entry);
        LastIndex = entry.Index;
    }
}
