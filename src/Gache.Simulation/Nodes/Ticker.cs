namespace Gache.Simulation;

/// <summary>Calls a node's tick every 10 ms of its machine's monotonic clock; what a pause swallowed is made up for by at most one tick.</summary>
internal sealed class Ticker : NodeEvent
{
    private readonly EventScheduler scheduler;
    private readonly MachineClock clock;
    private readonly Action tick;
    private readonly long everyTicks;
    private long dueTicks;

    /// <summary>Begins to tick.</summary>
    public Ticker(EventScheduler scheduler, MachineClock clock, NodeProcess process, TimeSpan every, Action tick)
        : base(process)
    {
        (this.scheduler, this.clock, this.tick) = (scheduler, clock, tick);
        everyTicks = every.Ticks;
        dueTicks = clock.Ticks + everyTicks;
        scheduler.At(clock.WorldTicksAt(dueTicks), this);
    }

    /// <inheritdoc/>
    protected override void HappenInProcess()
    {
        dueTicks = Math.Max(dueTicks, clock.Ticks - everyTicks) + everyTicks;
        scheduler.At(clock.WorldTicksAt(dueTicks), this);
        tick();
    }
}
