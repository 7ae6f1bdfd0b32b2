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

    public IdleMemoryTests() => memory = new IdleMemory(clock, () => allocated, () => given++);

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
