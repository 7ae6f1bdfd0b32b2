using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>One write as the core asked for it, with the first index that the log was told to keep.</summary>
internal sealed record Write(ulong Number, HardState? HardState, SnapshotMark? Snapshot, ulong KeepFrom, ReadOnlyMemory<Entry> Entries)
{
    /// <summary>How many records it is on disk; a crash may leave any prefix of them.</summary>
    public int Records => (HardState is null ? 0 : 1) + (Snapshot is null ? 0 : 1) + Entries.Length;
}

/// <summary>What a log holds: hard state, snapshot mark, entries. It takes writes in the order that the real log promises.</summary>
internal sealed class DurableLog
{
    private readonly List<Entry> entries = [];

    public HardState HardState { get; set; }

    public SnapshotMark? Snapshot { get; private set; }

    public ulong BaseIndex { get; private set; }

    public ulong BaseTerm { get; private set; }

    public ulong LastIndex => BaseIndex + (ulong)entries.Count;

    public ulong LastTerm => entries.Count > 0 ? entries[^1].Term : BaseTerm;

    public IReadOnlyList<Entry> Entries => entries;

    public ulong? TermAt(ulong index) =>
        index == BaseIndex ? BaseTerm : index < BaseIndex || index > LastIndex ? null : this[index].Term;

    public Entry this[ulong index] => entries[(int)(index - BaseIndex - 1)];

    /// <summary>Applies the first <paramref name="records"/> records of a write: hard state, snapshot, then entries.</summary>
    public void Apply(Write write, int records = int.MaxValue)
    {
        if (write.HardState is { } hardState && records-- > 0) HardState = hardState;
        if (write.Snapshot is { } snapshot && records-- > 0) Take(snapshot, write.KeepFrom);
        foreach (Entry entry in write.Entries.Span)
        {
            if (records-- <= 0) return;
            Append(entry);
        }
    }

    /// <summary>Adds an entry; what stood at its index and after it goes.</summary>
    public void Append(Entry entry)
    {
        if (entry.Index <= BaseIndex || entry.Index > LastIndex + 1)
            throw new InvariantBrokenException($"entry {entry.Index} is written to a log from {BaseIndex} to {LastIndex}");
        int keep = (int)(entry.Index - BaseIndex - 1);
        entries.RemoveRange(keep, entries.Count - keep);
        entries.Add(entry);
    }

    public CoreStart ToStart() => new()
    {
        HardState = HardState,
        Snapshot = Snapshot,
        BaseIndex = BaseIndex,
        BaseTerm = BaseTerm,
        LastIndex = LastIndex,
        Terms = [.. Runs()],
        Configurations = [.. entries.Where(e => e.Kind == EntryKind.Configuration && e.Index > (Snapshot?.Index ?? 0))],
    };

    /// <summary>The configuration in force at an index that is held, or at the snapshot.</summary>
    public Configuration ConfigurationAt(ulong index)
    {
        ulong from = Snapshot?.Index ?? 0;
        foreach (Entry entry in Enumerable.Reverse(entries))
        {
            if (entry.Index <= from) break;
            if (entry.Index <= index && entry.Kind == EntryKind.Configuration) return Configuration.Decode(entry.Payload.Span);
        }

        return Snapshot?.Configuration ?? Configuration.Empty;
    }

    private IEnumerable<(ulong FirstIndex, ulong Term)> Runs()
    {
        ulong term = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Term != term) yield return (entry.Index, entry.Term);
            term = entry.Term;
        }
    }

    private void Take(SnapshotMark snapshot, ulong keepFrom)
    {
        Snapshot = snapshot;
        if (TermAt(snapshot.Index) != snapshot.Term)
        {
            entries.Clear();
            (BaseIndex, BaseTerm) = (snapshot.Index, snapshot.Term);
            return;
        }

        ulong newBase = Math.Min(snapshot.Index, keepFrom - 1);
        if (newBase <= BaseIndex) return;
        ulong term = TermAt(newBase)!.Value;
        entries.RemoveRange(0, (int)(newBase - BaseIndex));
        (BaseIndex, BaseTerm) = (newBase, term);
    }
}
