namespace Gache.Replication;

/// <summary>The bounds and times of a replica; see defaults in the documentation of options.</summary>
public sealed record ReplicaOptions
{
    /// <summary>The length of a tick.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a request may take before it is answered without a result.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for a leader.</summary>
    public TimeSpan LeaderWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that may wait at once, of all kinds.</summary>
    public int MaxQueuedRequests { get; init; } = 8_192;

    /// <summary>How long a write should take at most: where the pace of late would let it take longer, it is refused at once. Half
    /// of <see cref="RequestTimeout"/>, so that what is let in has as long again to be carried out; below that, waiting is better than to be refused.</summary>
    public TimeSpan LongestQueueWait => RequestTimeout / 2;

    /// <summary>So many requests may wait at once however slow the pace is: while a whole batch is under way, the next can gather.</summary>
    public int LeastQueuedRequests { get; init; } = 2_048;

    /// <summary>Bytes of requests that may wait at once.</summary>
    public long MaxQueuedBytes { get; init; } = 64 << 20;

    /// <summary>Requests that may wait for a key or a revision at once.</summary>
    public int MaxWaitingRequests { get; init; } = 4_096;

    /// <summary>Bytes of commands and keys that such requests may hold together.</summary>
    public long MaxWaitingBytes { get; init; } = 32 << 20;

    /// <summary>Commands proposed in one batch at most.</summary>
    public int MaxBatchEntries { get; init; } = 1_024;

    /// <summary>Bytes proposed in one batch at most (one command may exceed it).</summary>
    public long MaxBatchBytes { get; init; } = 4 << 20;

    /// <summary>The store's memory beyond which this node wants no puts, in bytes.</summary>
    public long MaxStoreBytes { get; init; } = long.MaxValue;

    /// <summary>Bytes of changes that are kept for watches, of which an eighth is in memory and the rest in a file.</summary>
    public long HistoryBytes { get; init; } = ChangeHistory.DefaultBytes;

    /// <summary>Answers that are kept for repeats at most; a keyed write beyond that is refused, and none is forgotten early.</summary>
    public long MaxIdempotencyRecords { get; init; } = 1_000_000;

    /// <summary>A snapshot is taken when the log behind the last one exceeds this, or that snapshot's size if it is larger; in bytes.</summary>
    public long SnapshotAfterBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of entries kept before a snapshot for slow followers.</summary>
    public long KeptBeforeSnapshotBytes { get; init; } = 16 << 20;

    /// <summary>How exactly that is kept: the log is cut at multiples of this many entries.</summary>
    public ulong KeptSampleEvery { get; init; } = 1_024;

    /// <summary>Disk space that must stay free: the next segment, and the next snapshot beside it; in bytes, without the snapshot.</summary>
    public long ReservedDiskBytes { get; init; } = 128 << 20;

    /// <summary>Every so many indexes the state's checksum is taken and compared (P5).</summary>
    public ulong ChecksumEvery { get; init; } = 4_096;

    internal static long InTicks(TimeSpan time) => Math.Max(1, (time.Ticks + Tick.Ticks - 1) / Tick.Ticks);
}
