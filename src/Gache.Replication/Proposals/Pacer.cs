namespace Gache.Replication;

/// <summary>Lets the log's writer wait, for a moment, until enough writes have gathered for the next batch.</summary>
internal sealed class Pacer
{
    private readonly ManualResetEventSlim gathered = new();
    private int waiting; // writes queued and not proposed
    private int wakeAt;  // the writer waits for so many; 0 while it does not wait

    /// <summary>A write was queued.</summary>
    public void Arrived()
    {
        int now = Interlocked.Increment(ref waiting);
        int wanted = Volatile.Read(ref wakeAt);
        if (wanted != 0 && now >= wanted) gathered.Set();
    }

    /// <summary>What was queued is proposed, except so many.</summary>
    public void Taken(int left) => Volatile.Write(ref waiting, left);

    /// <summary>Returns when so many are queued, or the time is over.</summary>
    public void Wait(int enough, TimeSpan atMost)
    {
        if (enough == 0 || Volatile.Read(ref waiting) >= enough) return;
        gathered.Reset();
        Volatile.Write(ref wakeAt, enough);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref waiting) < enough) gathered.Wait(atMost);
        Volatile.Write(ref wakeAt, 0);
    }
}
