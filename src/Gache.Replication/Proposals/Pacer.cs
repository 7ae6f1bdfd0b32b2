namespace Gache.Replication;

/// <summary>Lets the log's writer wait, for a moment, until enough writes have gathered for the next batch.</summary>
internal sealed class Pacer
{
    private readonly object gate = new(); // a monitor: nothing to dispose
    private bool isGathered;
    private int waiting; // writes queued and not proposed
    private int wakeAt;  // the writer waits for so many; 0 while it does not wait

    /// <summary>A write was queued.</summary>
    public void Arrived()
    {
        int now = Interlocked.Increment(ref waiting);
        int wanted = Volatile.Read(ref wakeAt);
        if (wanted == 0 || now < wanted) return;
        lock (gate)
        {
            isGathered = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>What was queued is proposed, except so many.</summary>
    public void Taken(int left) => Volatile.Write(ref waiting, left);

    /// <summary>Returns when so many are queued, or the time is over.</summary>
    public void Wait(int enough, TimeSpan atMost)
    {
        if (enough == 0 || Volatile.Read(ref waiting) >= enough) return;
        lock (gate)
        {
            isGathered = false;
            Volatile.Write(ref wakeAt, enough);
            Interlocked.MemoryBarrier(); // whoever arrives from here on sees it; who came before is counted below
            if (Volatile.Read(ref waiting) < enough && !isGathered) Monitor.Wait(gate, atMost);
            Volatile.Write(ref wakeAt, 0);
        }
    }
}
