using HdrHistogram;

namespace Gache.Bench.Measure;

/// <summary>What people look at in a histogram; zero where nothing was measured.</summary>
internal readonly record struct Latencies(TimeSpan Median, TimeSpan P90, TimeSpan P99, TimeSpan P999, TimeSpan Most)
{
    /// <summary>Of a histogram in ticks of 100 ns.</summary>
    public static Latencies Of(HistogramBase histogram) =>
        histogram.TotalCount == 0 ? default : new Latencies(At(histogram, 50), At(histogram, 90), At(histogram, 99), At(histogram, 99.9), At(histogram, 100));

    /// <summary>The latency that this share of all answers (in percent) did not exceed.</summary>
    public static TimeSpan At(HistogramBase histogram, double percentile) => TimeSpan.FromTicks(histogram.GetValueAtPercentile(percentile));
}
