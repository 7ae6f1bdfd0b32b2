using HdrHistogram;

namespace Gache.Bench.Measure;

/// <summary>What one thread has counted. Only that thread writes.</summary>
/// <remarks>Latencies are in ticks of 100 ns, three digits, up to <see cref="MaxLatency"/>; what takes longer counts as that.</remarks>
internal sealed class Tally
{
    /// <summary>Longest latency that can be told from longer ones.</summary>
    public static readonly TimeSpan MaxLatency = TimeSpan.FromMinutes(10);

    /// <summary>Digits of a latency that are right.</summary>
    public const int Digits = 3;

    private readonly Recorder reads = NewRecorder();
    private readonly Recorder writes = NewRecorder();
    private readonly Recorder refusals = NewRecorder();
    private HistogramBase? lastReads;
    private HistogramBase? lastWrites;
    private HistogramBase? lastRefusals;
    private long right;

    /// <summary>Right answers so far.</summary>
    public long Right => Volatile.Read(ref right);

    /// <summary>An empty histogram of latencies.</summary>
    public static LongHistogram NewHistogram() => new(1, MaxLatency.Ticks, Digits);

    /// <summary>A right answer.</summary>
    public void Add(bool isRead, long latencyTicks)
    {
        (isRead ? reads : writes).RecordValue(Math.Clamp(latencyTicks, 1, MaxLatency.Ticks));
        Volatile.Write(ref right, right + 1);
    }

    /// <summary>A refusal.</summary>
    public void AddRefusal(long latencyTicks) => refusals.RecordValue(Math.Clamp(latencyTicks, 1, MaxLatency.Ticks));

    /// <summary>Adds what came since the last time to three histograms. Any one thread at a time may take.</summary>
    public void Take(LongHistogram allReads, LongHistogram allWrites, LongHistogram allRefusals)
    {
        allRefusals.Add(lastRefusals = refusals.GetIntervalHistogram(lastRefusals));
        allReads.Add(lastReads = reads.GetIntervalHistogram(lastReads));
        allWrites.Add(lastWrites = writes.GetIntervalHistogram(lastWrites));
    }

    private static Recorder NewRecorder() => HistogramFactory
        .With64BitBucketSize().WithValuesUpTo(MaxLatency.Ticks).WithPrecisionOf(Digits).WithThreadSafeReads().Create();
}
