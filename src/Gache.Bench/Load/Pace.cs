using System.Diagnostics;

namespace Gache.Bench.Load;

/// <summary>
/// The open loop: the n-th request is due at a fixed moment, whether or not those before it were answered. One that finds all callers busy waits, and
/// its latency counts from the moment it was due: a server that stalls is charged for all that came meanwhile (no coordinated omission).
/// </summary>
/// <param name="perSecond">Requests a second.</param>
/// <param name="start">When the first is due, in ticks of <see cref="Stopwatch"/>.</param>
internal sealed class Pace(double perSecond, long start)
{
    private readonly Lock gate = new();
    private readonly Stack<Caller> idle = new();
    private readonly double interval = Stopwatch.Frequency / perSecond;
    private long next;

    /// <summary>When the next is due that nobody has taken.</summary>
    public long NextDue
    {
        get
        {
            lock (gate) return DueOf(next);
        }
    }

    /// <summary>Whether a caller waits for something to do.</summary>
    public bool HasIdle
    {
        get
        {
            lock (gate) return idle.Count > 0;
        }
    }

    /// <summary>Takes the oldest request that is due; without one, <paramref name="caller"/> waits to be found by <see cref="TakeIdle"/>.</summary>
    public bool TryTake(Caller caller, long now, out long due)
    {
        lock (gate)
        {
            due = DueOf(next);
            if (due <= now)
            {
                next++;
                return true;
            }

            idle.Push(caller);
            return false;
        }
    }

    /// <summary>A caller that waits, and a request that is due for it; null if there is no such pair.</summary>
    public Caller? TakeIdle(long now, out long due)
    {
        lock (gate)
        {
            due = DueOf(next);
            if (due > now || !idle.TryPop(out Caller? caller)) return null;
            next++;
            return caller;
        }
    }

    /// <summary>All callers that wait; they wait no longer.</summary>
    public IReadOnlyList<Caller> TakeAllIdle()
    {
        lock (gate)
        {
            Caller[] all = [.. idle];
            idle.Clear();
            return all;
        }
    }

    /// <summary>How many were due before <paramref name="end"/> and were never sent: the callers were too few or the server too slow.</summary>
    public long NotSent(long end)
    {
        lock (gate) return Math.Max(0, (long)Math.Ceiling((end - start) / interval) - next);
    }

    private long DueOf(long number) => start + (long)(number * interval);
}
