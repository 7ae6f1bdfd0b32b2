using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>The watchers of a node by what they watch, so that a change finds those that it concerns without asking all.</summary>
internal sealed class WatcherIndex
{
    private readonly Lock gate = new();
    private readonly HashSet<Watcher> all = [];
    private readonly Dictionary<byte[], List<Watcher>> keys = new(ByteKeys.Instance);
    private readonly SortedDictionary<int, Dictionary<byte[], List<Watcher>>> prefixes = []; // by length

    public int Count
    {
        get
        {
            lock (gate) return all.Count;
        }
    }

    /// <summary>Adds one.</summary>
    /// <returns>False if there are as many as there may be.</returns>
    public bool TryAdd(Watcher watcher, int most)
    {
        lock (gate)
        {
            if (all.Count >= most) return false;
            all.Add(watcher);
            byte[] bytes = watcher.Filter.Bytes.ToArray();
            Dictionary<byte[], List<Watcher>> map = keys;
            if (watcher.Filter.IsPrefix && !prefixes.TryGetValue(bytes.Length, out map!)) prefixes.Add(bytes.Length, map = new(ByteKeys.Instance));
            if (!map.TryGetValue(bytes, out List<Watcher>? same)) map.Add(bytes, same = new List<Watcher>(1));
            same.Add(watcher);
            return true;
        }
    }

    public void Remove(Watcher watcher)
    {
        lock (gate)
        {
            if (!all.Remove(watcher)) return;
            byte[] bytes = watcher.Filter.Bytes.ToArray();
            Dictionary<byte[], List<Watcher>> map = watcher.Filter.IsPrefix ? prefixes[bytes.Length] : keys;
            map[bytes].Remove(watcher);
            if (map[bytes].Count == 0) map.Remove(bytes);
            if (map.Count == 0 && watcher.Filter.IsPrefix) prefixes.Remove(bytes.Length);
        }
    }

    public Watcher[] All()
    {
        lock (gate) return [.. all];
    }

    /// <summary>Adds those that watch a key.</summary>
    public void Find(ReadOnlySpan<byte> key, HashSet<Watcher> found)
    {
        lock (gate)
        {
            if (keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out List<Watcher>? same)) found.UnionWith(same);
            foreach ((int length, Dictionary<byte[], List<Watcher>> map) in prefixes)
            {
                if (length > key.Length) break;
                if (map.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key[..length], out same)) found.UnionWith(same);
            }
        }
    }

    /// <summary>Adds those that watch anything in a slot.</summary>
    public void Find(int slot, HashSet<Watcher> found)
    {
        lock (gate)
        {
            foreach (Watcher watcher in all)
            {
                if (watcher.Filter.Includes(slot)) found.Add(watcher);
            }
        }
    }
}
