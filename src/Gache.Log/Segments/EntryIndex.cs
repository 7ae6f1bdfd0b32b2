using Gache.Primitives;

namespace Gache.Log;

/// <summary>Where entries stand: from <paramref name="First"/> on, one after another from <paramref name="Position"/>, up to the next run's first.</summary>
/// <param name="First">The first entry of the run.</param>
/// <param name="Position">Where its record begins.</param>
/// <param name="BytesBefore">The bytes of all records before it, counted since the log was opened.</param>
internal readonly record struct IndexRun(ulong First, LogPosition Position, long BytesBefore);

/// <summary>Finds an entry on disk: remembers one place in 64 KiB, and every place where the sequence of entries breaks.</summary>
/// <remarks>The writer stages changes while it encodes and publishes them when they are written; readers see published ones only.</remarks>
internal sealed class EntryIndex
{
    private const long BytesPerRun = 64 << 10;

    private readonly Lock gate = new();
    private readonly List<IndexRun> runs = [];
    private readonly List<StagedChange> staged = []; // the writer's own
    private ulong lastIndex;
    private LogPosition lastPlace; // of the newest run; a segment number of 0 asks for a new one

    /// <summary>The first entry that can be read; one above <see cref="LastIndex"/> if there is none.</summary>
    public ulong FirstIndex
    {
        get
        {
            lock (gate) return First;
        }
    }

    /// <summary>The last entry that can be read.</summary>
    public ulong LastIndex
    {
        get
        {
            lock (gate) return lastIndex;
        }
    }

    private ulong First => runs.Count > 0 ? runs[0].First : lastIndex + 1;

    public void StageEntry(ulong index, LogPosition position, long bytesBefore)
    {
        if (lastPlace.Segment == position.Segment && position.Offset - lastPlace.Offset < BytesPerRun) return;
        lastPlace = position;
        staged.Add(new StagedChange(Removed: null, new IndexRun(index, position, bytesBefore)));
    }

    public void StageTruncation(ulong firstRemoved)
    {
        lastPlace = default;
        staged.Add(new StagedChange(firstRemoved, Added: null));
    }

    public void StageReplacement() => StageTruncation(0);

    public void Publish(ulong newLastIndex)
    {
        lock (gate)
        {
            foreach (StagedChange change in staged)
            {
                if (change.Removed is { } removed) runs.RemoveAll(r => r.First >= removed);
                if (change.Added is { } added) runs.Add(added);
            }

            lastIndex = newLastIndex;
        }

        staged.Clear();
    }

    /// <summary>The run that holds an entry, and the first entry of the next run; false if the entry cannot be read.</summary>
    public bool TryFind(ulong index, out IndexRun run, out ulong nextFirst)
    {
        lock (gate)
        {
            run = default;
            nextFirst = 0;
            if (index < First || index > lastIndex) return false;
            int at = RunOf(index);
            run = runs[at];
            nextFirst = at + 1 < runs.Count ? runs[at + 1].First : lastIndex + 1;
            return true;
        }
    }

    /// <summary>The bytes of records before this entry's run; <paramref name="all"/> if nothing follows.</summary>
    public long BytesBefore(ulong index, long all)
    {
        lock (gate)
        {
            if (index > lastIndex || runs.Count == 0) return all;
            return runs[index < runs[0].First ? 0 : RunOf(index)].BytesBefore;
        }
    }

    /// <summary>The first entry that stands behind this segment.</summary>
    public ulong FirstBehind(ulong segment)
    {
        lock (gate)
        {
            foreach (IndexRun run in runs)
            {
                if (run.Position.Segment > segment) return run.First;
            }

            return lastIndex + 1;
        }
    }

    /// <summary>Forgets what stands in this segment and before.</summary>
    public void ForgetUpTo(ulong segment)
    {
        lock (gate) runs.RemoveAll(r => r.Position.Segment <= segment);
    }

    // The last run whose first entry is not above the index.
    private int RunOf(ulong index)
    {
        int low = 0;
        int high = runs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (runs[middle].First <= index) low = middle;
            else high = middle - 1;
        }

        Invariant.Holds(runs[low].First <= index, $"entry {index} stands before the first place known");
        return low;
    }

    private readonly record struct StagedChange(ulong? Removed, IndexRun? Added);
}
