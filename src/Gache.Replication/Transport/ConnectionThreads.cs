namespace Gache.Replication.Transport;

/// <summary>The threads of a transport, each belonging to one connection or to the listener, so that all can be waited for.</summary>
internal sealed class ConnectionThreads
{
    // They keep nothing large on the stack; the default would reserve 1.5 to 8 MiB of address space each.
    private const int StackBytes = 256 * 1024;

    private readonly Lock gate = new();
    private readonly HashSet<Thread> threads = [];

    /// <summary>How many run now.</summary>
    public int Count
    {
        get
        {
            lock (gate) return threads.Count;
        }
    }

    public void Start(string name, Action run)
    {
        Thread? thread = null;
        thread = new Thread(() =>
        {
            try
            {
                run();
            }
            finally
            {
                lock (gate) threads.Remove(thread!);
            }
        }, StackBytes)
        {
            IsBackground = true,
            Name = name,
        };
        lock (gate) threads.Add(thread);
        thread.Start();
    }

    /// <summary>Waits until all but the calling thread have ended, or the time is over.</summary>
    public void Join(Deadline deadline)
    {
        Thread[] running;
        lock (gate) running = [.. threads];
        foreach (Thread thread in running)
        {
            TimeSpan remaining = deadline.Remaining;
            if (thread != Thread.CurrentThread && remaining > TimeSpan.Zero) thread.Join(remaining);
        }
    }
}
