namespace Gache.Bench.Keys;

/// <summary>0, 1, 2 … over all callers together: each takes every <paramref name="stride"/>-th.</summary>
internal sealed class SequentialKeys(int first, int stride, int count) : IKeySource
{
    private long next = first;

    /// <inheritdoc/>
    public bool TryNext(out int key)
    {
        key = (int)(next % count);
        next += stride;
        return true;
    }

    /// <inheritdoc/>
    public void Failed(int key)
    {
        // comes again with the next round
    }
}
