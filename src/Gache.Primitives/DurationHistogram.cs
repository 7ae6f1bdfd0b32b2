using System.Numerics;

namespace Gache.Primitives;

/// <summary>Counts durations in buckets that double; meant to be told once a batch, and read when somebody scrapes.</summary>
/// <remarks>Any thread may add and any may read; a reader sees each number right, and together nearly.</remarks>
public sealed class DurationHistogram
{
    /// <summary>Buckets with an upper bound: 10 µs, 20 µs, and so on up to 10.5 s.</summary>
    public const int Bounds = 21;

    private const long FirstBoundNanoseconds = 10_000;
    private const int KeptSeconds = 64;
    private static readonly TimeSpan NotWorthKeeping = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider time;
    private readonly double nanosecondsPerTick;
    private readonly long[] counts = new long[Bounds + 1]; // the last: what is longer than all bounds
    private readonly (long Second, TimeSpan Longest)[] peaks = new (long, TimeSpan)[KeptSeconds];
    private readonly Lock peaksGate = new(); // taken for long durations only
    private long sumNanoseconds;

    /// <summary>Makes an empty one.</summary>
    /// <param name="time">Whose timestamps it is told.</param>
    public DurationHistogram(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        this.time = time;
        nanosecondsPerTick = 1e9 / time.TimestampFrequency;
    }

    /// <summary>All durations together.</summary>
    public TimeSpan Sum => TimeSpan.FromMicroseconds(Volatile.Read(ref sumNanoseconds) / 1_000.0);

    /// <summary>How many durations were told.</summary>
    public long Count
    {
        get
        {
            long sum = 0;
            for (int bucket = 0; bucket <= Bounds; bucket++) sum += CountOf(bucket);
            return sum;
        }
    }

    /// <summary>The upper bound of a bucket, itself in it.</summary>
    /// <param name="bucket">0 to <see cref="Bounds"/> - 1.</param>
    public static TimeSpan BoundOf(int bucket) => TimeSpan.FromMicroseconds((FirstBoundNanoseconds << bucket) / 1_000);

    /// <summary>How many durations fell into this bucket alone.</summary>
    /// <param name="bucket">0 to <see cref="Bounds"/>, the last being what is longer than every bound.</param>
    public long CountOf(int bucket) => Volatile.Read(ref counts[bucket]);

    /// <summary>Adds what lies between two timestamps.</summary>
    public void Add(long from, long to)
    {
        long nanoseconds = Math.Max(0, (long)((to - from) * nanosecondsPerTick));
        Interlocked.Increment(ref counts[BucketOf(nanoseconds)]);
        Interlocked.Add(ref sumNanoseconds, nanoseconds);
        if (nanoseconds >= NotWorthKeeping.TotalNanoseconds) Keep(TimeSpan.FromMicroseconds(nanoseconds / 1_000), to / time.TimestampFrequency);
    }

    /// <summary>The longest duration, of at least 10 ms, that ended at or after a timestamp of the last minute; zero if there was none.</summary>
    public TimeSpan LongestSince(long timestamp)
    {
        long first = timestamp / time.TimestampFrequency;
        TimeSpan longest = TimeSpan.Zero;
        lock (peaksGate)
        {
            foreach ((long second, TimeSpan peak) in peaks)
                if (second >= first && peak > longest) longest = peak;
        }

        return longest;
    }

    private static int BucketOf(long nanoseconds)
    {
        long units = (nanoseconds - 1) / FirstBoundNanoseconds;
        return units <= 0 ? 0 : Math.Min(BitOperations.Log2((ulong)units) + 1, Bounds);
    }

    private void Keep(TimeSpan duration, long second)
    {
        lock (peaksGate)
        {
            ref (long Second, TimeSpan Longest) peak = ref peaks[second % KeptSeconds];
            if (peak.Second != second || duration > peak.Longest) peak = (second, duration);
        }
    }
}
