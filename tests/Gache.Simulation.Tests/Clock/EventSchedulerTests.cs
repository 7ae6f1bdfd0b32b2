using Xunit;

namespace Gache.Simulation.Tests;

public class EventSchedulerTests
{
    private readonly EventScheduler scheduler = new();
    private readonly List<string> seen = [];

    [Fact]
    public void Events_happen_in_the_order_of_time_and_then_of_scheduling()
    {
        Note("c", 2);
        Note("a", 1);
        Note("d", 2);
        Note("b", 1);
        scheduler.RunUntil(TimeSpan.FromSeconds(5));
        Assert.Equal(["a at 1", "b at 1", "c at 2", "d at 2"], seen);
        Assert.Equal(TimeSpan.FromSeconds(5), scheduler.Now);
        Assert.Equal(4, scheduler.EventCount);
    }

    [Fact]
    public void Event_scheduled_for_now_happens_after_those_already_scheduled_for_now()
    {
        scheduler.After(TimeSpan.FromSeconds(1), () => Note("late", 0));
        Note("early", 1);
        scheduler.RunUntil(TimeSpan.FromSeconds(1));
        Assert.Equal(["early at 1", "late at 1"], seen);
    }

    [Fact]
    public void Cancelled_event_never_happens_and_a_moved_one_happens_once()
    {
        SimulatedEvent gone = Note("gone", 1);
        SimulatedEvent moved = Note("moved", 1);
        EventScheduler.Cancel(gone);
        scheduler.At(TimeSpan.FromSeconds(3).Ticks, moved);
        scheduler.RunUntil(TimeSpan.FromSeconds(9));
        Assert.Equal(["moved at 3"], seen);
        Assert.False(gone.IsScheduled);
    }

    [Fact]
    public void Same_seed_gives_the_same_draws_and_another_seed_does_not()
    {
        ulong[] first = [.. Enumerable.Range(0, 8).Select(_ => new SeededRandom(7).NextUInt64())];
        var random = new SeededRandom(7);
        Assert.All(first, v => Assert.Equal(first[0], v));
        Assert.Equal(first[0], random.NextUInt64());
        Assert.NotEqual(first[0], new SeededRandom(8).NextUInt64());
        Assert.NotEqual(random.Fork().NextUInt64(), random.Fork().NextUInt64());
        for (int i = 0; i < 1_000; i++)
        {
            Assert.InRange(random.Next(3, 9), 3, 8);
            Assert.InRange(random.NextDouble(), 0, 1);
        }
    }

    private SimulatedEvent Note(string name, int seconds) =>
        scheduler.After(TimeSpan.FromSeconds(seconds), () => seen.Add($"{name} at {scheduler.Now.TotalSeconds}"));
}
