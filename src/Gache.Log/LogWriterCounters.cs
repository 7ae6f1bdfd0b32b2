namespace Gache.Log;

/// <summary>Running sums of the log writer, read by whoever scrapes metrics; each is right by itself, and together nearly.</summary>
public sealed class LogWriterCounters
{
    private long syncs;
    private long entries;
    private long bytes;
    private long syncTicks;
    private long longestSyncTicks;

    /// <summary>How many batches were synced.</summary>
    public long Syncs => Volatile.Read(ref syncs);

    /// <summary>How many entries were in them.</summary>
    public long Entries => Volatile.Read(ref entries);

    /// <summary>How many bytes of records were in them, at most.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>How long all syncs took together.</summary>
    public TimeSpan SyncTime => new(Volatile.Read(ref syncTicks));

    /// <summary>The longest sync so far.</summary>
    public TimeSpan LongestSync => new(Volatile.Read(ref longestSyncTicks));

    // One writer: plain sums, published one by one.
    internal void Add(TimeSpan sync, int batchEntries, int batchBytes)
    {
        Volatile.Write(ref syncs, syncs + 1);
        Volatile.Write(ref entries, entries + batchEntries);
        Volatile.Write(ref bytes, bytes + batchBytes);
        Volatile.Write(ref syncTicks, syncTicks + sync.Ticks);
        if (sync.Ticks > longestSyncTicks) Volatile.Write(ref longestSyncTicks, sync.Ticks);
    }
}
