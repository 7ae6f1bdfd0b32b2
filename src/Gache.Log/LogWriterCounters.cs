using Gache.Primitives;

namespace Gache.Log;

/// <summary>Running sums of the log writer, read by whoever scrapes metrics; each is right by itself, and together nearly.</summary>
public sealed class LogWriterCounters
{
    private long entries;
    private long bytes;
    private readonly Func<TimeSpan> oldestUnsynced;

    /// <summary>Begins at nothing.</summary>
    /// <param name="time">Whose timestamps syncs are measured with.</param>
    /// <param name="oldestUnsynced">How long the oldest write that is not synced has waited.</param>
    public LogWriterCounters(TimeProvider time, Func<TimeSpan>? oldestUnsynced = null)
    {
        Syncs = new DurationHistogram(time);
        this.oldestUnsynced = oldestUnsynced ?? (static () => TimeSpan.Zero);
    }

    /// <summary>How long each sync took.</summary>
    public DurationHistogram Syncs { get; }

    /// <summary>How long the oldest write that is not synced has waited; zero if there is none.</summary>
    public TimeSpan OldestUnsyncedAge => oldestUnsynced();

    /// <summary>How many entries were in them.</summary>
    public long Entries => Volatile.Read(ref entries);

    /// <summary>How many bytes of records were in them, at most.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    // One writer: plain sums, published one by one.
    internal void Add(int batchEntries, int batchBytes)
    {
        Volatile.Write(ref entries, entries + batchEntries);
        Volatile.Write(ref bytes, bytes + batchBytes);
    }
}
