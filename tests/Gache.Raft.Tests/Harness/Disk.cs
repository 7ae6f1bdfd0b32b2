namespace Gache.Raft.Tests;

/// <summary>A simulated log: writes wait until they are completed, in order; a crash loses those that were not, from any record on.</summary>
internal sealed class Disk
{
    private readonly Queue<Write> pending = new();

    /// <summary>What is in stable storage.</summary>
    public DurableLog Durable { get; } = new();

    /// <summary>What will be in stable storage when all pending writes are done: what the core believes its log to be.</summary>
    public DurableLog Written { get; private set; } = new();

    public int Pending => pending.Count;

    public void Add(Write write)
    {
        pending.Enqueue(write);
        Written.Apply(write);
    }

    /// <summary>Makes the oldest write durable.</summary>
    public (ulong Write, ulong LastIndex, ulong LastTerm) CompleteNext()
    {
        Write write = pending.Dequeue();
        Durable.Apply(write);
        return (write.Number, Durable.LastIndex, Durable.LastTerm);
    }

    /// <summary>Power fails: of the pending records only the first <paramref name="surviving"/> are found again.</summary>
    public void Crash(int surviving = 0)
    {
        while (surviving > 0 && pending.TryDequeue(out Write? write))
        {
            Durable.Apply(write, surviving);
            surviving -= write.Records;
        }

        pending.Clear();
        Written = Copy(Durable);
    }

    /// <summary>How many records wait.</summary>
    public int PendingRecords => pending.Sum(write => write.Records);

    /// <summary>Puts entries straight into stable storage, before the node starts.</summary>
    public void Preset(HardState hardState, IEnumerable<Entry> entries)
    {
        Durable.HardState = hardState;
        foreach (Entry entry in entries) Durable.Append(entry);
        Written = Copy(Durable);
    }

    private static DurableLog Copy(DurableLog log)
    {
        var copy = new DurableLog { HardState = log.HardState };
        ulong keepFrom = log.BaseIndex + 1;
        if (log.Snapshot is { } snapshot)
        {
            // The base is laid first, so that the entries kept before the snapshot follow it.
            copy.Apply(new Write(0, null, new SnapshotMark(log.BaseIndex, log.BaseTerm, snapshot.Configuration), keepFrom, default));
        }

        foreach (Entry entry in log.Entries) copy.Append(entry);
        if (log.Snapshot is not null) copy.Apply(new Write(0, null, log.Snapshot, keepFrom, default));
        return copy;
    }
}
