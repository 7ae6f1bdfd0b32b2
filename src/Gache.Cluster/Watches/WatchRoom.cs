namespace Gache.Cluster;

/// <summary>Room for what is on its way to all watchers of a node (P10): whoever finds none stands in a queue, and holds nothing meanwhile.</summary>
/// <param name="most">The bound, in bytes. What is larger has room alone.</param>
internal sealed class WatchRoom(long most)
{
    private readonly Lock gate = new();
    private readonly LinkedList<(Watcher Watcher, long Bytes, long Since)> waiting = new();
    private readonly Dictionary<Watcher, LinkedListNode<(Watcher Watcher, long Bytes, long Since)>> places = []; // in it: each watcher once at most
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
            lock (gate) return waiting.First?.Value.Since;
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

            places[watcher] = waiting.AddLast((watcher, bytes, tick));
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
        if (bytes > 0) Give(bytes);
    }

    /// <summary>Gives back what one has that does not come again, its place in the queue too.</summary>
    public void Leave(Watcher watcher, long bytes)
    {
        lock (gate)
        {
            if (places.Remove(watcher, out LinkedListNode<(Watcher Watcher, long Bytes, long Since)>? place)) waiting.Remove(place);
            else if (bytes == 0) return;
        }

        Give(bytes); // or to those behind it, who may need less
    }

    private void Give(long bytes)
    {
        var granted = new List<(Watcher Watcher, long Bytes)>();
        do
        {
            lock (gate)
            {
                held -= bytes;
                while (waiting.First is { } first && HasRoom(first.Value.Bytes))
                {
                    (Watcher watcher, long room, _) = first.Value;
                    waiting.RemoveFirst();
                    places.Remove(watcher);
                    held += room;
                    granted.Add((watcher, room));
                }
            }

            bytes = 0;
            foreach ((Watcher watcher, long room) in granted)
            {
                if (!watcher.Grant(room)) bytes += room; // it was just leaving
            }

            granted.Clear();
        }
        while (bytes > 0);
    }

    private bool HasRoom(long bytes) => held == 0 || held + bytes <= most;
}
