using Gache.Primitives;

namespace Gache.Log;

/// <summary>The sizes and times of a log. What is not set has the default of the program.</summary>
public sealed record LogOptions
{
    /// <summary>The size of a new segment in bytes; existing ones keep theirs. At least <see cref="LeastSegmentSize"/>.</summary>
    public int SegmentSize { get; init; } = 64 << 20;

    /// <summary>How far ahead of the writer a segment is zero-filled and synced, in bytes.</summary>
    public int ZeroAhead { get; init; } = 4 << 20;

    /// <summary>The most bytes of records in one batch, unless a single entry is larger.</summary>
    public int MaxBatchBytes { get; init; } = 4 << 20;

    /// <summary>The most entries in one batch.</summary>
    public int MaxBatchEntries { get; init; } = 1024;

    /// <summary>The most payload bytes that one entry may hold: a value of 8 MiB with its key and head. At most 15 MiB.</summary>
    public int MaxEntryBytes { get; init; } = (8 << 20) + (64 << 10);

    /// <summary>The most bytes of an encoded configuration.</summary>
    public int MaxConfigurationBytes { get; init; } = 64 << 10;

    /// <summary>After this long without a write an empty batch head proves the last batch (P4).</summary>
    public TimeSpan IdleHeadAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The smallest segment that any one batch surely fits into, with the segment's start and closing mark, in bytes.</summary>
    public int LeastSegmentSize => Math.Max(MaxBatchBytes, MaxEntryBytes) + (2 * MaxConfigurationBytes) + LeastOverhead;

    // The file's head, the segment's start, a truncation, three batch heads, and the heads of the records: rounded up.
    private const int LeastOverhead = 1024;

    internal void Validate()
    {
        Invariant.Holds(SegmentSize >= LeastSegmentSize, $"a segment of {SegmentSize} bytes is below {LeastSegmentSize}, the least for these bounds");
        Invariant.Holds(MaxEntryBytes <= 15 << 20, $"an entry of {MaxEntryBytes} bytes does not fit into a record");
        Invariant.Holds(MaxBatchEntries > 0 && MaxBatchBytes > 0 && ZeroAhead > 0, "a log needs bounds above zero");
    }
}
