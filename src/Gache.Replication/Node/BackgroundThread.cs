using System.Collections.Concurrent;

namespace Gache.Replication;

/// <summary>One thread for work that waits for a disk and for nobody: snapshots, old entries for slow followers.</summary>
internal sealed class BackgroundThread : IBackground, IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    public BackgroundThread()
    {
        thread = new Thread(Loop) { Name = "gache background", IsBackground = true };
        thread.Start();
    }

    public void Run(Action item)
    {
        try
        {
            work.Add(item);
        }
        catch (InvalidOperationException)
        {
            // The node has ended: nobody waits for this any more.
        }
    }

    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private void Loop()
    {
        foreach (Action item in work.GetConsumingEnumerable()) item();
    }
}
