namespace Gache.Replication;

/// <summary>Counts time in ticks, on a thread of its own: an election must not wait for a busy thread pool.</summary>
/// <remarks>It sleeps through ticks at which nothing is due: waking up is most of what an idle node costs.</remarks>
internal sealed class Ticker : IDisposable
{
    private readonly Action<int> tick;
    private readonly Func<int> quiet;
    private readonly TimeSpan every;
    private readonly TimeProvider time;
    private readonly Thread thread;
    private readonly object gate = new();
    private readonly long start;
    private long counted;
    private int most = 1;
    private bool isStopping;

    /// <summary>Makes a ticker; <see cref="Start"/> begins.</summary>
    /// <param name="tick">Told how many ticks passed.</param>
    /// <param name="quiet">For how many ticks nothing is due; at least 1.</param>
    /// <param name="every">One tick.</param>
    /// <param name="time">The clock.</param>
    public Ticker(Action<int> tick, Func<int> quiet, TimeSpan every, TimeProvider time)
    {
        (this.tick, this.quiet, this.every, this.time) = (tick, quiet, every, time);
        start = time.GetTimestamp();
        thread = new Thread(Run) { Name = "gache ticker", IsBackground = true, Priority = ThreadPriority.AboveNormal };
    }

    public void Start() => thread.Start();

    /// <summary>The ticks that have passed and were not taken yet. Any thread may take them; each is taken once.</summary>
    /// <remarks>
    /// A pause (SIGSTOP, a frozen machine) counts as no more than was meant to be slept through: what should have arrived meanwhile gets its
    /// time to arrive.
    /// </remarks>
    public int TakePassed()
    {
        // Asked at every step, and seldom has a tick passed: then without the lock.
        long now = time.GetElapsedTime(start).Ticks / every.Ticks;
        if (now <= Volatile.Read(ref counted)) return 0;
        lock (gate)
        {
            int passed = (int)Math.Min(most, now - counted);
            if (passed <= 0) return 0;
            counted = now;
            return passed;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isStopping = true;
            Monitor.Pulse(gate);
        }

        if (thread.IsAlive && thread != Thread.CurrentThread) thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            int sleep = Math.Max(1, quiet());
            lock (gate)
            {
                most = sleep;
                TimeSpan due = (every * (counted + sleep)) - time.GetElapsedTime(start);
                // Rounded up: a wait is cut to whole milliseconds, and one of none would spin through the rest.
                if (!isStopping && due > TimeSpan.Zero) Monitor.Wait(gate, (int)Math.Ceiling(due.TotalMilliseconds));
                if (isStopping) return;
            }

            int passed = TakePassed();
            if (passed > 0) tick(passed);
        }
    }
}
