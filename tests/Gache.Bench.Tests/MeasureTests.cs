using System.Diagnostics;
using Gache.Bench.Load;
using Gache.Bench.Measure;
using Xunit;

namespace Gache.Bench.Tests;

/// <summary>Figures: gaps, percentiles, and the pace of the open loop.</summary>
public sealed class MeasureTests
{
    [Fact]
    public void The_longest_gap_is_between_two_answers_or_at_either_end()
    {
        var pulse = new Pulse(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), pulse.LongestGap(TimeSpan.FromSeconds(1)));

        foreach (int at in new[] { 100, 101, 350, 700 }) pulse.Beat(TimeSpan.FromMilliseconds(at + 0.9));
        Assert.Equal(TimeSpan.FromMilliseconds(350), pulse.LongestGap(TimeSpan.FromMilliseconds(800)));
        Assert.Equal(TimeSpan.FromMilliseconds(249), new[] { pulse.LongestGap(TimeSpan.FromMilliseconds(351)), TimeSpan.Zero }.Max());
    }

    [Fact]
    public void What_is_beyond_the_run_is_not_counted()
    {
        var pulse = new Pulse(TimeSpan.FromMilliseconds(10));
        pulse.Beat(TimeSpan.FromMilliseconds(-3));
        pulse.Beat(TimeSpan.FromHours(3));
        Assert.Equal(TimeSpan.FromMilliseconds(10), pulse.LongestGap(TimeSpan.FromMilliseconds(10)));
    }

    [Fact]
    public void Percentiles_have_three_digits()
    {
        var histogram = Tally.NewHistogram();
        for (int i = 1; i <= 100_000; i++) histogram.RecordValue(i * 10); // 1 us to 100 ms
        Latencies latency = Latencies.Of(histogram);

        Assert.InRange(latency.Median.TotalMilliseconds, 50, 50.1);
        Assert.InRange(latency.P99.TotalMilliseconds, 99, 99.2);
        Assert.InRange(latency.P999.TotalMilliseconds, 99.9, 100.1);
        Assert.InRange(latency.Most.TotalMilliseconds, 100, 100.2);
        Assert.Equal(default, Latencies.Of(Tally.NewHistogram()));
    }

    [Fact]
    public void A_latency_beyond_the_longest_counts_as_the_longest()
    {
        var tally = new Tally();
        tally.Add(isRead: true, TimeSpan.FromDays(1).Ticks);
        tally.Add(isRead: false, 0);
        HdrHistogram.LongHistogram reads = Tally.NewHistogram();
        HdrHistogram.LongHistogram writes = Tally.NewHistogram();
        tally.Take(reads, writes, Tally.NewHistogram());

        Assert.Equal((1, 1, 2), (reads.TotalCount, writes.TotalCount, tally.Right));
        Assert.InRange(Latencies.Of(reads).Most, Tally.MaxLatency * 0.99, Tally.MaxLatency * 1.01);
    }

    [Fact]
    public void The_open_loop_is_due_at_fixed_moments_and_knows_what_was_never_sent()
    {
        long second = Stopwatch.Frequency;
        var pace = new Pace(perSecond: 10, start: 1_000);
        var dues = new List<long>();
        while (pace.NextDue < 1_000 + second)
        {
            Assert.True(pace.TryTake(null!, 1_000 + second, out long due));
            dues.Add(due);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(n => 1_000 + (n * second / 10)), dues);
        Assert.Equal(0, pace.NotSent(1_000 + second));
        Assert.Equal(20, pace.NotSent(1_000 + (3 * second)));
        Assert.Null(pace.TakeIdle(long.MaxValue, out _)); // nobody is there
    }
}
