using Gache.Server.Hosting;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>Memory is given back by a node that is quiet, and not over and over.</summary>
public sealed class IdleMemoryTests : IDisposable
{
    private readonly HandClock clock = new();
    private readonly IdleMemory memory;
    private long allocated;
    private int given;
    private int collected;

    public IdleMemoryTests() => memory = new IdleMemory(clock, () => allocated, () => given++, () => collected++);

    public void Dispose() => memory.Dispose();

    [Fact]
    public void A_node_that_has_started_and_is_quiet_gives_back_once()
    {
        Allocate(IdleMemory.QuietBytes + 1);
        Assert.Equal(0, given); // it was starting
        for (int look = 0; look < 10; look++) Allocate(IdleMemory.QuietBytes);
        Assert.Equal(1, given);
    }

    [Fact]
    public void After_a_busy_time_it_gives_back_again()
    {
        Allocate(0);
        Allocate(IdleMemory.WorthwhileBytes);
        Assert.Equal(1, given); // busy
        Allocate(0);
        Assert.Equal(2, given);
    }

    [Fact]
    public void A_busy_node_is_left_alone()
    {
        for (int look = 0; look < 10; look++) Allocate(IdleMemory.QuietBytes + 1);
        Assert.Equal(0, given);
    }

    /// <summary>The collector's own budget is for busy nodes, and an idle one would fill it.</summary>
    [Fact]
    public void While_it_is_quiet_its_youngest_objects_are_collected_now_and_then()
    {
        Allocate(0);
        Assert.Equal((1, 0), (given, collected));
        for (int look = 0; look < 16; look++) Allocate(IdleMemory.QuietCollectionBytes / 4);
        Assert.Equal((1, 4), (given, collected));
        for (int look = 0; look < 4; look++) Allocate(IdleMemory.QuietBytes + 1);
        Assert.Equal((1, 4), (given, collected)); // busy
    }

    private void Allocate(long bytes)
    {
        allocated += bytes;
        clock.Tick();
    }

    private sealed class HandClock : TimeProvider
    {
        private Action? look;

        public void Tick() => look?.Invoke();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal((IdleMemory.Interval, IdleMemory.Interval), (dueTime, period));
            look = () => callback(state);
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => false;

            public void Dispose()
            {
                // Nothing is held.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
