namespace Gache.Cluster.Tests.Calls;

/// <summary>A clock that stands still until a test moves it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private long now = 1_000_000; // 0 stands for "never" in places

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref now);

    /// <summary>How many timers are due in exactly this time.</summary>
    public int TimersDueIn(TimeSpan span)
    {
        lock (gate) return timers.Count(t => t.Due == now + span.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock in small steps and calls what is due.</summary>
    public void Advance(TimeSpan by)
    {
        for (TimeSpan step = TimeSpan.FromMilliseconds(100); by > TimeSpan.Zero; by -= step)
        {
            ManualTimer[] due;
            lock (gate)
            {
                Volatile.Write(ref now, now + Math.Min(step.Ticks, by.Ticks));
                due = [.. timers.Where(t => t.Due <= now)];
                foreach (ManualTimer timer in due)
                {
                    if (timer.Period > 0) timer.Due += timer.Period;
                    else timers.Remove(timer);
                }
            }

            foreach (ManualTimer timer in due) timer.Call();
        }
    }

    private sealed class ManualTimer(ManualTime time, Action call) : ITimer
    {
        public long Due { get; set; }

        public long Period { get; private set; }

        public void Call() => call();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = time.now + dueTime.Ticks;
                Period = Math.Max(period.Ticks, 0);
                time.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time.gate) time.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
