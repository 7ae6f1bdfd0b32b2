namespace Gache.Replication;

/// <summary>One thread for work that waits for a disk and for nobody: snapshots, old entries for slow followers.</summary>
internal sealed class BackgroundThread : IBackground, IDisposable
{
    private readonly object gate = new(); // a monitor, as the framework's collection spins before it sleeps, which was a twentieth of what a busy follower costs
    private readonly Queue<Action> work = new();
    private readonly Thread thread;
    private bool isEnding;

    public BackgroundThread()
    {
        thread = new Thread(Loop) { Name = "gache background", IsBackground = true };
        thread.Start();
    }

    public void Run(Action item)
    {
        lock (gate)
        {
            if (isEnding) return; // nobody waits for this any more
            work.Enqueue(item);
            Monitor.Pulse(gate);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isEnding = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
    }

    private void Loop()
    {
        while (Take() is { } item) item();
    }

    /// <summary>The next piece of work, or null when the end has come and all is done.</summary>
    private Action? Take()
    {
        lock (gate)
        {
            while (work.Count == 0 && !isEnding) Monitor.Wait(gate);
            return work.TryDequeue(out Action? item) ? item : null;
        }
    }
}
