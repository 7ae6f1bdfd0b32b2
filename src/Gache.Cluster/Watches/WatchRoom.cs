namespace Gache.Cluster;

/// <summary>Room for what is on its way to all watchers of a node (P10): whoever finds none stands in a queue, and holds nothing meanwhile.</summary>
/// <param name="most">The bound, in bytes. What is larger has room alone.</param>
internal sealed class WatchRoom(long most)
{
    private readonly Lock gate = new();
    private readonly Queue<(Watcher Watcher, long Bytes, long Since)> waiting = new(); // each watcher once at most
    private long held;

    /// <summary>How many bytes are on their way.</summary>
    public long Held
    {
        get
        {
            lock (gate) return held;
        }
    }

    /// <summary>Since which tick the first in the queue waits; null if nobody does.</summary>
    public long? WaitingSince
    {
        get
        {
            lock (gate) return waiting.TryPeek(out (Watcher Watcher, long Bytes, long Since) first) ? first.Since : null;
        }
    }

    /// <summary>Takes room, or a place in the queue: then <see cref="Watcher.Grant"/> tells when there is some.</summary>
    public bool TryTake(Watcher watcher, long bytes, long tick)
    {
        lock (gate)
        {
            if (waiting.Count == 0 && HasRoom(bytes))
            {
                held += bytes;
                return true;
            }

            waiting.Enqueue((watcher, bytes, tick));
            return false;
        }
    }

    /// <summary>More for one that has some, and does not wait for it: nobody in the queue may be kept waiting by whoever waits itself.</summary>
    public bool TryAdd(long bytes)
    {
        lock (gate)
        {
            if (waiting.Count > 0 || held + bytes > most) return false;
            held += bytes;
            return true;
        }
    }

    /// <summary>Gives room back, to those who wait.</summary>
    public void Release(long bytes)
    {
        var granted = new List<(Watcher Watcher, long Bytes)>();
        while (bytes > 0)
        {
            lock (gate)
            {
                held -= bytes;
                while (waiting.TryPeek(out (Watcher Watcher, long Bytes, long Since) first) && HasRoom(first.Bytes))
                {
                    waiting.Dequeue();
                    held += first.Bytes;
                    granted.Add((first.Watcher, first.Bytes));
                }
            }

            bytes = 0;
            foreach ((Watcher watcher, long room) in granted)
            {
                if (!watcher.Grant(room)) bytes += room; // it has left the queue as clients leave: without a word
            }

            granted.Clear();
        }
    }

    private bool HasRoom(long bytes) => held == 0 || held + bytes <= most;
}
