using Gache.Primitives;

namespace Gache.Simulation;

/// <summary>
/// The world's time: events happen one after another in the order of (time, order of scheduling), on the caller's thread, and time stands still
/// while one happens. The only source of "later" in a simulation, so that a seed decides the whole history.
/// </summary>
public sealed class EventScheduler
{
    private readonly PriorityQueue<SimulatedEvent, Moment> queue = new();
    private long nextSequence;

    /// <summary>The world's time in ticks of 100 ns since it began.</summary>
    public long NowTicks { get; private set; }

    /// <summary>The world's time since it began.</summary>
    public TimeSpan Now => new(NowTicks);

    /// <summary>How many events have happened.</summary>
    public long EventCount { get; private set; }

    /// <summary>Schedules an event; one that is scheduled already is moved.</summary>
    /// <param name="atTicks">The world's time in ticks; a time that has passed means now, after everything that is scheduled for now.</param>
    /// <param name="what">The event; it may be scheduled again once it happened.</param>
    public void At(long atTicks, SimulatedEvent what)
    {
        what.AtTicks = Math.Max(atTicks, NowTicks);
        what.Sequence = nextSequence++;
        queue.Enqueue(what, new Moment(what.AtTicks, what.Sequence));
    }

    /// <summary>Schedules an event after a delay.</summary>
    public void After(TimeSpan delay, SimulatedEvent what) => At(NowTicks + delay.Ticks, what);

    /// <summary>Schedules an action after a delay.</summary>
    /// <returns>The event, to take it back with <see cref="Cancel"/>.</returns>
    public SimulatedEvent After(TimeSpan delay, Action action)
    {
        var what = new ActionEvent(action);
        After(delay, what);
        return what;
    }

    /// <summary>Takes an event back; nothing happens if it is not scheduled.</summary>
    public static void Cancel(SimulatedEvent what) => what.Sequence = SimulatedEvent.NotScheduled;

    /// <summary>Lets the next event happen.</summary>
    /// <param name="untilTicks">Events after this time are left.</param>
    /// <returns>False if no event is left up to that time; the time is then <paramref name="untilTicks"/>.</returns>
    public bool RunNext(long untilTicks)
    {
        while (queue.TryPeek(out SimulatedEvent? what, out Moment moment) && moment.AtTicks <= untilTicks)
        {
            queue.Dequeue();
            if (what.Sequence != moment.Sequence) continue; // taken back or moved
            Invariant.Holds(moment.AtTicks >= NowTicks, $"an event of {moment.AtTicks} would happen at {NowTicks}");
            NowTicks = moment.AtTicks;
            EventCount++;
            what.Sequence = SimulatedEvent.NotScheduled;
            what.Happen();
            return true;
        }

        NowTicks = Math.Max(NowTicks, untilTicks);
        return false;
    }

    /// <summary>Lets everything happen up to a time.</summary>
    public void RunUntil(TimeSpan until)
    {
        while (RunNext(until.Ticks)) { }
    }

    private readonly record struct Moment(long AtTicks, long Sequence) : IComparable<Moment>
    {
        public int CompareTo(Moment other) =>
            AtTicks != other.AtTicks ? AtTicks.CompareTo(other.AtTicks) : Sequence.CompareTo(other.Sequence);
    }
}
