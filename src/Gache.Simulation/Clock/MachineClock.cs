using Gache.Primitives;

namespace Gache.Simulation;

/// <summary>
/// The clocks of one machine over the world's time: a monotonic one that runs a little fast or slow and may leap forward (a frozen virtual
/// machine), and a wall clock that an operator or a time server may set to anything.
/// </summary>
public sealed class MachineClock(EventScheduler scheduler)
{
    /// <summary>The greatest drift: 10 %, far beyond real crystals, so that nothing can rest on rates.</summary>
    public const int MaxDriftPartsPerMillion = 100_000;

    private const long Million = 1_000_000;
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private long baseWorldTicks;
    private long baseTicks;
    private long rate = Million;
    private TimeSpan wallOffset;

    /// <summary>Raised when the monotonic clock leapt or changed its rate: timers have another place in the world's time now.</summary>
    public event Action? Changed;

    /// <summary>The monotonic clock in ticks of 100 ns.</summary>
    public long Ticks => baseTicks + ((scheduler.NowTicks - baseWorldTicks) * rate / Million);

    /// <summary>How far it leapt in all.</summary>
    public TimeSpan Leapt { get; private set; }

    /// <summary>The wall clock.</summary>
    public DateTimeOffset UtcNow => Epoch + new TimeSpan(Ticks) + wallOffset;

    /// <summary>Makes the monotonic clock run fast (positive) or slow from now on.</summary>
    public void SetDrift(int partsPerMillion)
    {
        Invariant.Holds(Math.Abs(partsPerMillion) <= MaxDriftPartsPerMillion, $"a drift of {partsPerMillion} ppm");
        Rebase(TimeSpan.Zero);
        rate = Million + partsPerMillion;
        Changed?.Invoke();
    }

    /// <summary>Lets the monotonic clock (and the wall clock with it) leap forward; it never goes back.</summary>
    public void Leap(TimeSpan forward)
    {
        Invariant.Holds(forward >= TimeSpan.Zero, $"a monotonic clock cannot go back by {forward}");
        Rebase(forward);
        Leapt += forward;
        Changed?.Invoke();
    }

    /// <summary>Moves the wall clock alone, forward or back.</summary>
    public void SetWallClock(TimeSpan by) => wallOffset += by;

    /// <summary>The first moment of the world's time, in ticks, at which the monotonic clock shows at least <paramref name="ticks"/>.</summary>
    public long WorldTicksAt(long ticks)
    {
        long ahead = ticks - baseTicks;
        return ahead <= 0 ? scheduler.NowTicks : Math.Max(scheduler.NowTicks, baseWorldTicks + (((ahead * Million) + rate - 1) / rate));
    }

    private void Rebase(TimeSpan leap)
    {
        baseTicks = Ticks + leap.Ticks;
        baseWorldTicks = scheduler.NowTicks;
    }
}
