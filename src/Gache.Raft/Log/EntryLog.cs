using Gache.Primitives;

namespace Gache.Raft;

/// <summary>The core's view of its log: the term of every entry it holds, and the latest entries themselves up to a bound in bytes.</summary>
/// <remarks>
/// Entries leave the cache only when they are durable and were handed to the state machine; older ones are on disk, and the core asks for
/// them (<see cref="Outputs.Fetches"/>) when a follower is that far behind.
/// </remarks>
internal sealed class EntryLog(long maxCacheBytes)
{
    private readonly List<(ulong First, ulong Term)> runs = [];
    private Entry[] ring = new Entry[1024];
    private ulong cacheFirst = 1;
    private long cacheBytes;

    /// <summary>The entry just before the first one held: it is in a snapshot. 0 at the very beginning.</summary>
    public ulong BaseIndex { get; private set; }

    /// <summary>The term at <see cref="BaseIndex"/>.</summary>
    public ulong BaseTerm { get; private set; }

    /// <summary>The last entry's index; <see cref="BaseIndex"/> if none is held.</summary>
    public ulong LastIndex { get; private set; }

    /// <summary>The last entry's term.</summary>
    public ulong LastTerm => runs.Count > 0 ? runs[^1].Term : BaseTerm;

    /// <summary>The first index that the cache holds.</summary>
    public ulong CacheFirst => cacheFirst;

    /// <summary>Starts from what recovery found: terms without the entries.</summary>
    public void Load(ulong baseIndex, ulong baseTerm, ulong lastIndex, IEnumerable<(ulong FirstIndex, ulong Term)> terms)
    {
        Restart(baseIndex, baseTerm);
        foreach ((ulong first, ulong term) in terms) AddRun(Math.Max(first, baseIndex + 1), term);
        LastIndex = lastIndex;
        cacheFirst = lastIndex + 1;
    }

    /// <summary>Forgets everything and goes on after a snapshot.</summary>
    public void Restart(ulong index, ulong term)
    {
        runs.Clear();
        Array.Clear(ring);
        (BaseIndex, BaseTerm, LastIndex, cacheFirst, cacheBytes) = (index, term, index, index + 1, 0);
    }

    /// <summary>The term at an index; null if the index is not held (later than the last, or before the base).</summary>
    public ulong? TermAt(ulong index)
    {
        if (index == BaseIndex) return BaseTerm;
        if (index < BaseIndex || index > LastIndex) return null;
        for (int i = runs.Count - 1; i >= 0; i--)
        {
            if (runs[i].First <= index) return runs[i].Term;
        }

        throw new InvariantBrokenException($"no term is known for index {index} between {BaseIndex} and {LastIndex}");
    }

    /// <summary>The largest index, at most <paramref name="index"/>, whose term is at most <paramref name="term"/> (fast back-up).</summary>
    public ulong LastIndexWithTermAtMost(ulong index, ulong term)
    {
        index = Math.Min(index, LastIndex);
        for (int i = runs.Count - 1; i >= 0; i--)
        {
            if (runs[i].First > index) continue;
            if (runs[i].Term <= term) return index;
            index = runs[i].First - 1;
        }

        // The base's own term is known too. Where even that is later, the agreement lies before the base: a snapshot's affair.
        return index >= BaseIndex && BaseTerm > term ? BaseIndex - 1 : Math.Min(index, BaseIndex);
    }

    /// <summary>Adds one entry at the end.</summary>
    public void Append(in Entry entry)
    {
        Invariant.Holds(entry.Index == LastIndex + 1, $"entry {entry.Index} appended after {LastIndex}");
        Invariant.Holds(entry.Term >= LastTerm, $"entry of term {entry.Term} appended after one of term {LastTerm}");
        AddRun(entry.Index, entry.Term);
        ulong held = LastIndex + 1 - cacheFirst;
        if (held == (ulong)ring.Length) Grow();
        ring[entry.Index & (ulong)(ring.Length - 1)] = entry;
        cacheBytes += entry.Weight;
        LastIndex = entry.Index;
    }

    /// <summary>Removes the entries from <paramref name="index"/> on.</summary>
    public void TruncateFrom(ulong index)
    {
        Invariant.Holds(index > BaseIndex, $"truncation at {index}, which is in the snapshot at {BaseIndex}");
        for (ulong i = LastIndex; i >= index && i >= cacheFirst; i--) Evict(i);
        LastIndex = index - 1;
        cacheFirst = Math.Min(cacheFirst, index);
        while (runs.Count > 0 && runs[^1].First >= index) runs.RemoveAt(runs.Count - 1);
    }

    /// <summary>Forgets the entries up to <paramref name="index"/>: a snapshot holds them.</summary>
    public void CompactTo(ulong index)
    {
        if (index <= BaseIndex) return;
        ulong term = TermAt(index) ?? throw new InvariantBrokenException($"compaction to {index} beyond {LastIndex}");
        for (; cacheFirst <= index; cacheFirst++) Evict(cacheFirst);
        while (runs.Count > 1 && runs[1].First <= index + 1) runs.RemoveAt(0);
        if (index == LastIndex) runs.Clear();
        else if (runs[0].First <= index) runs[0] = (index + 1, runs[0].Term);
        (BaseIndex, BaseTerm) = (index, term);
    }

    /// <summary>Lets go of the oldest cached entries, none above <paramref name="upTo"/>, until the bound holds.</summary>
    public void TrimCache(ulong upTo)
    {
        while (cacheBytes > maxCacheBytes && cacheFirst <= upTo && cacheFirst <= LastIndex)
        {
            Evict(cacheFirst);
            cacheFirst++;
        }
    }

    /// <summary>True if the entry is in the cache.</summary>
    public bool IsCached(ulong index) => index >= cacheFirst && index <= LastIndex;

    /// <summary>The cached entry at <paramref name="index"/>.</summary>
    public ref readonly Entry this[ulong index] => ref ring[index & (ulong)(ring.Length - 1)];

    /// <summary>Copies cached entries from <paramref name="first"/>: at least one, and no more than the bounds allow.</summary>
    public ReadOnlyMemory<Entry> Slice(ulong first, ulong last, int maxCount, long maxBytes)
    {
        Invariant.Holds(IsCached(first), $"entry {first} is not in the cache from {cacheFirst} to {LastIndex}");
        last = Math.Min(last, LastIndex);
        long bytes = 0;
        int count = 0;
        for (ulong i = first; i <= last && count < maxCount; i++, count++)
        {
            bytes += this[i].Weight;
            if (bytes > maxBytes && count > 0) break;
        }

        var entries = new Entry[count];
        for (int i = 0; i < count; i++) entries[i] = this[first + (ulong)i];
        return entries;
    }

    private void Evict(ulong index)
    {
        ref Entry slot = ref ring[index & (ulong)(ring.Length - 1)];
        if (index <= LastIndex && index >= cacheFirst && slot.Index == index) cacheBytes -= slot.Weight;
        slot = default;
    }

    private void AddRun(ulong first, ulong term)
    {
        if (runs.Count == 0 || runs[^1].Term != term) runs.Add((first, term));
    }

    private void Grow()
    {
        var larger = new Entry[ring.Length * 2];
        for (ulong i = cacheFirst; i <= LastIndex; i++) larger[i & (ulong)(larger.Length - 1)] = this[i];
        ring = larger;
    }
}
