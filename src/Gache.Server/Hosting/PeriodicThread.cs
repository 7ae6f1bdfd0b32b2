namespace Gache.Server.Hosting;

/// <summary>Runs something at even times on a thread of its own.</summary>
/// <remarks>Not a timer: on an idle node each of its ticks wakes three threads (its own twice, and one of the pool), and waking up is most of what such a node costs.</remarks>
internal sealed class PeriodicThread : IDisposable
{
    private readonly Action run;
    private readonly TimeSpan every;
    private readonly Thread thread;
    private readonly ManualResetEventSlim stop = new(initialState: false, spinCount: 0);

    /// <summary>Begins.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="run">What to run; the next time comes no earlier than this one has ended.</param>
    /// <param name="every">From one beginning to the next.</param>
    public PeriodicThread(string name, Action run, TimeSpan every)
    {
        (this.run, this.every) = (run, every);
        thread = new Thread(Run) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Ends; what runs is waited for.</summary>
    public void Dispose()
    {
        stop.Set();
        if (thread != Thread.CurrentThread) thread.Join();
    }

    private void Run()
    {
        long next = TimeProvider.System.GetTimestamp();
        while (true)
        {
            next += (long)(every.TotalSeconds * TimeProvider.System.TimestampFrequency);
            TimeSpan wait = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), next);
            if (wait < -every) next = TimeProvider.System.GetTimestamp(); // late: nothing is made up for
            if (stop.Wait(wait > TimeSpan.Zero ? wait : TimeSpan.Zero)) return;
            run();
        }
    }
}
