using System.Collections.Concurrent;

namespace Gache.Bench.Keys;

/// <summary>Each key that was not acknowledged yet, once; one whose write failed comes again. Shared by all callers.</summary>
internal sealed class MissingKeys(AcknowledgedKeys acknowledged) : IKeySource
{
    private readonly ConcurrentQueue<int> again = new();
    private int next = -1;

    /// <inheritdoc/>
    public bool TryNext(out int key)
    {
        while (true)
        {
            if (again.TryDequeue(out key)) return true;
            if (Volatile.Read(ref next) >= acknowledged.Count) return false;
            key = Interlocked.Increment(ref next);
            if (key >= acknowledged.Count) return false;
            if (!acknowledged.Has(key)) return true;
        }
    }

    /// <inheritdoc/>
    public void Failed(int key) => again.Enqueue(key);
}
