using Xunit;

namespace Gache.Simulation.Tests;

public class ProcessTimeTests
{
    private readonly EventScheduler scheduler = new();
    private readonly MachineClock clock;
    private readonly NodeProcess process;
    private readonly ProcessTime time;
    private readonly List<double> fired = [];

    public ProcessTimeTests()
    {
        clock = new MachineClock(scheduler);
        process = new NodeProcess(scheduler, "n1", 1);
        time = new ProcessTime(scheduler, clock, process);
    }

    [Fact]
    public void Timer_fires_at_its_time_and_then_every_period()
    {
        Start(2, 3);
        RunTo(9);
        Assert.Equal([2, 5, 8], fired);
    }

    [Fact]
    public void Timer_fires_by_the_clock_of_its_machine()
    {
        clock.SetDrift(-100_000); // 10 % slow
        Start(9, null);
        RunTo(20);
        Assert.Equal([10], fired);
    }

    [Fact]
    public void Leap_of_the_monotonic_clock_fires_what_came_due()
    {
        long before = time.GetTimestamp();
        Start(10, null);
        scheduler.After(TimeSpan.FromSeconds(1), () => clock.Leap(TimeSpan.FromMinutes(1)));
        RunTo(20);
        Assert.Equal([1], fired);
        Assert.Equal(TimeSpan.FromSeconds(80), time.GetElapsedTime(before));
    }

    [Fact]
    public void Wall_clock_may_go_back_and_the_monotonic_one_does_not_notice()
    {
        DateTimeOffset wall = time.GetUtcNow();
        long before = time.GetTimestamp();
        clock.SetWallClock(TimeSpan.FromHours(-5));
        RunTo(1);
        Assert.Equal(wall.AddHours(-5).AddSeconds(1), time.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(1), time.GetElapsedTime(before));
    }

    [Fact]
    public void Paused_process_does_nothing_and_makes_up_once_when_it_continues()
    {
        Start(1, 1);
        scheduler.After(TimeSpan.FromSeconds(2.5), process.Pause);
        scheduler.After(TimeSpan.FromSeconds(6.5), () => process.Resume());
        RunTo(8);
        Assert.Equal([1, 2, 6.5, 7.5], fired);
    }

    [Fact]
    public void Killed_process_never_does_anything_again()
    {
        Start(1, 1);
        scheduler.After(TimeSpan.FromSeconds(1.5), process.Kill);
        scheduler.After(TimeSpan.FromSeconds(2), () => process.Resume());
        RunTo(8);
        Assert.Equal([1], fired);
    }

    [Fact]
    public void Disposed_timer_and_one_stopped_while_paused_stay_silent()
    {
        ITimer first = Start(1, null);
        ITimer second = Start(2, null);
        first.Dispose();
        scheduler.After(TimeSpan.FromSeconds(1.5), process.Pause);
        scheduler.After(TimeSpan.FromSeconds(3), () => second.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        scheduler.After(TimeSpan.FromSeconds(4), () => process.Resume());
        RunTo(8);
        Assert.Empty(fired);
    }

    [Fact]
    public void Task_delay_continues_inside_the_event_on_the_same_thread()
    {
        int thread = Environment.CurrentManagedThreadId;
        int continuedOn = 0;
        async Task WaitAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(3), time).ConfigureAwait(false);
            continuedOn = Environment.CurrentManagedThreadId;
            fired.Add(scheduler.Now.TotalSeconds);
        }

        _ = WaitAsync();
        RunTo(5);
        Assert.Equal([3], fired);
        Assert.Equal(thread, continuedOn);
    }

    private ITimer Start(double due, double? period) => time.CreateTimer(
        _ => fired.Add(scheduler.Now.TotalSeconds), null, TimeSpan.FromSeconds(due),
        period is double p ? TimeSpan.FromSeconds(p) : Timeout.InfiniteTimeSpan);

    private void RunTo(double seconds) => scheduler.RunUntil(TimeSpan.FromSeconds(seconds));
}
