namespace Gache.Server.Metrics;

/// <summary>What watches of this node are counted by.</summary>
internal sealed class WatchCounters
{
    private int open;
    private long events;
    private long cutOff;

    /// <summary>Watches that are open.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>Changes told: of a key, to one watcher.</summary>
    public long Events => Interlocked.Read(ref events);

    /// <summary>Watches that were ended as their clients took too little.</summary>
    public long CutOff => Interlocked.Read(ref cutOff);

    /// <summary>One begins.</summary>
    public void Opened() => Interlocked.Increment(ref open);

    /// <summary>One has ended.</summary>
    public void Closed() => Interlocked.Decrement(ref open);

    /// <summary>Some changes are told.</summary>
    public void Told(int changes) => Interlocked.Add(ref events, changes);

    /// <summary>One is ended, as its client takes nothing, or too slowly while others wait, or fell behind the history.</summary>
    public void CutOffOne() => Interlocked.Increment(ref cutOff);
}
