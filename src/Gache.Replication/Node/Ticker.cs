namespace Gache.Replication;

/// <summary>Ticks every 10 ms on a thread of its own: an election must not wait for a busy thread pool.</summary>
internal sealed class Ticker : IDisposable
{
    private readonly Action tick;
    private readonly TimeSpan every;
    private readonly TimeProvider time;
    private readonly Thread thread;
    private readonly object gate = new();
    private bool isStopping;

    public Ticker(Action tick, TimeSpan every, TimeProvider time)
    {
        (this.tick, this.every, this.time) = (tick, every, time);
        thread = new Thread(Run) { Name = "gache ticker", IsBackground = true, Priority = ThreadPriority.AboveNormal };
        thread.Start();
    }

    public void Dispose()
    {
        lock (gate)
        {
            isStopping = true;
            Monitor.Pulse(gate);
        }

        if (thread != Thread.CurrentThread) thread.Join();
    }

    private void Run()
    {
        long start = time.GetTimestamp();
        long ticks = 0;
        while (true)
        {
            TimeSpan due = (every * (ticks + 1)) - time.GetElapsedTime(start);
            lock (gate)
            {
                // Rounded up: a wait is cut to whole milliseconds, and one of none would spin through the rest.
                if (!isStopping && due > TimeSpan.Zero) Monitor.Wait(gate, (int)Math.Ceiling(due.TotalMilliseconds));
                if (isStopping) return;
            }

            TimeSpan passed = time.GetElapsedTime(start);
            long now = passed.Ticks / every.Ticks;
            if (now <= ticks) continue; // woken a little early
            // A pause (SIGSTOP, a frozen machine) counts as one tick: what should have arrived meanwhile gets its time to arrive.
            ticks = now;
            tick();
        }
    }
}
