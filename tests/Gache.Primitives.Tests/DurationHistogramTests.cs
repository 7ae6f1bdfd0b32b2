using CsCheck;
using Xunit;

namespace Gache.Primitives.Tests;

public sealed class DurationHistogramTests
{
    private readonly Ticks time = new();

    [Fact]
    public void Every_duration_falls_into_the_first_bucket_whose_bound_holds_it() => Gen.Long[0, TimeSpan.FromSeconds(30).Ticks].Sample(ticks =>
    {
        var histogram = new DurationHistogram(time);
        histogram.Add(5, 5 + ticks);

        int bucket = Enumerable.Range(0, DurationHistogram.Bounds + 1).Single(n => histogram.CountOf(n) == 1);
        Assert.True(bucket == DurationHistogram.Bounds || new TimeSpan(ticks) <= DurationHistogram.BoundOf(bucket));
        Assert.True(bucket == 0 || new TimeSpan(ticks) > DurationHistogram.BoundOf(bucket - 1));
        Assert.Equal((1, new TimeSpan(ticks)), (histogram.Count, histogram.Sum));
    });

    [Fact]
    public void A_clock_that_stands_or_goes_back_counts_as_no_time()
    {
        var histogram = new DurationHistogram(time);
        histogram.Add(7, 7);
        histogram.Add(7, 3);
        Assert.Equal((2, TimeSpan.Zero), (histogram.CountOf(0), histogram.Sum));
    }

    [Fact]
    public void The_longest_of_late_is_known_and_what_was_before_is_not_taken_for_it()
    {
        var histogram = new DurationHistogram(time);
        Add(endsAt: 10, seconds: 3);
        Add(endsAt: 20, seconds: 1);
        Add(endsAt: 20, seconds: 0.5);

        Assert.Equal(TimeSpan.FromSeconds(3), histogram.LongestSince(Second(9)));
        Assert.Equal(TimeSpan.FromSeconds(1), histogram.LongestSince(Second(11)));
        Assert.Equal(TimeSpan.Zero, histogram.LongestSince(Second(21)));

        Add(endsAt: 84, seconds: 0.25); // the same place as second 20
        Assert.Equal(TimeSpan.FromSeconds(0.25), histogram.LongestSince(Second(11)));

        void Add(double endsAt, double seconds) => histogram.Add(Second(endsAt - seconds), Second(endsAt));
    }

    private static long Second(double second) => (long)(second * TimeSpan.TicksPerSecond);

    private sealed class Ticks : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
