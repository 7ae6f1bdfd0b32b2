namespace Gache.Replication;

/// <summary>Where in the log a given number of bytes before an index lies, to the nearest sample.</summary>
/// <param name="sampleEvery">One sample for so many entries.</param>
internal sealed class KeptEntries(ulong sampleEvery)
{
    private const int MaxSamples = 4_096;

    private readonly Queue<(ulong Index, long Bytes)> samples = new();
    private long bytes;

    public void Add(ulong index, int entryBytes)
    {
        bytes += entryBytes;
        if (index % sampleEvery != 0) return;
        samples.Enqueue((index, bytes));
        if (samples.Count > MaxSamples) samples.Dequeue();
    }

    public void Restart()
    {
        samples.Clear();
        bytes = 0;
    }

    /// <summary>The first index to keep so that at least <paramref name="keptBytes"/> of the entries up to now stay; null if all are to stay.</summary>
    public ulong? KeepFrom(long keptBytes)
    {
        ulong? from = null;
        while (samples.TryPeek(out (ulong Index, long Bytes) first) && bytes - first.Bytes >= keptBytes)
        {
            from = first.Index + 1;
            samples.Dequeue();
        }

        return from;
    }
}
