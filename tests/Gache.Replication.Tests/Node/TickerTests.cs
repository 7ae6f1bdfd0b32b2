using Xunit;

namespace Gache.Replication.Tests;

/// <summary>Time in ticks: none is lost where it passes evenly, none is counted twice, and a pause is not made up for.</summary>
public sealed class TickerTests
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void Every_tick_is_taken_once_whoever_takes_it()
    {
        var time = new Clock();
        using var ticker = new Ticker(_ => { }, () => 1, Every, time); // never started: only taken from
        int taken = 0;
        for (int i = 0; i < 1_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(3));
            taken += ticker.TakePassed();
        }

        Assert.Equal(300, taken);
        Assert.Equal(0, ticker.TakePassed());
    }

    [Fact]
    public void A_pause_counts_as_one_tick()
    {
        var time = new Clock();
        using var ticker = new Ticker(_ => { }, () => 1, Every, time);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, ticker.TakePassed());
        time.Advance(Every);
        Assert.Equal(1, ticker.TakePassed());
    }

    [Fact]
    public async Task A_ticker_that_may_sleep_wakes_less_often_and_tells_all_that_passed()
    {
        int calls = 0, told = 0;
        long start = TimeProvider.System.GetTimestamp();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ticker = new Ticker(
            passed =>
            {
                calls++;
                told += passed;
                if (told >= 60) enough.TrySetResult();
            },
            () => 4, Every, TimeProvider.System);
        ticker.Start();
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.True(calls <= told / 2, $"{calls} calls for {told} ticks"); // on a machine without a pause a quarter
        Assert.True(told <= TimeProvider.System.GetElapsedTime(start) / Every + 1, $"{told} ticks");
    }

    private sealed class Clock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(TimeSpan by) => now += by.Ticks;
    }
}
