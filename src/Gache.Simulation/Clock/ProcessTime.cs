namespace Gache.Simulation;

/// <summary>Time as one process sees it: its machine's clocks, and timers that fire as events of the world inside this process.</summary>
public sealed class ProcessTime : TimeProvider
{
    private readonly EventScheduler scheduler;
    private readonly MachineClock clock;
    private readonly NodeProcess process;
    private readonly List<Timer> timers = [];

    /// <summary>Makes the time of a process on a machine.</summary>
    public ProcessTime(EventScheduler scheduler, MachineClock clock, NodeProcess process)
    {
        this.scheduler = scheduler;
        this.clock = clock;
        this.process = process;
        clock.Changed += PlaceTimers;
        process.Killed += () => clock.Changed -= PlaceTimers;
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => clock.Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => clock.UtcNow;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void PlaceTimers()
    {
        foreach (Timer timer in timers) timer.Place();
    }

    private sealed class Timer(ProcessTime time, TimerCallback callback, object? state) : NodeEvent(time.process), ITimer
    {
        private long dueTicks; // by the machine's monotonic clock
        private TimeSpan period;
        private bool isArmed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            this.period = period;
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                Disarm();
                return true;
            }

            dueTicks = time.clock.Ticks + dueTime.Ticks;
            if (!isArmed) time.timers.Add(this);
            isArmed = true;
            Place();
            return true;
        }

        public void Place() => time.scheduler.At(time.clock.WorldTicksAt(dueTicks), this);

        public void Dispose() => Disarm();

        public ValueTask DisposeAsync()
        {
            Disarm();
            return ValueTask.CompletedTask;
        }

        protected override void HappenInProcess()
        {
            if (!isArmed) return; // taken back while the process was paused
            if (time.clock.Ticks < dueTicks)
            {
                Place();
                return;
            }

            if (period > TimeSpan.Zero)
            {
                // Like the runtime's: periods missed in a pause are not made up for.
                dueTicks = time.clock.Ticks + period.Ticks;
                Place();
            }
            else
            {
                Disarm();
            }

            callback(state);
        }

        private void Disarm()
        {
            if (!isArmed) return;
            isArmed = false;
            time.timers.Remove(this);
            EventScheduler.Cancel(this);
        }
    }
}
