namespace Gache.Cluster.Calls.Wire;

/// <summary>Memory that all connections of one port share, so that no number of slow peers can hold more (P10).</summary>
internal sealed class ByteBudget(long maxBytes, long reservedForSmallBytes)
{
    private long taken;

    /// <summary>How much is taken now, in bytes.</summary>
    public long Taken => Volatile.Read(ref taken);

    /// <summary>Takes so many bytes, or nothing and false if they are not there.</summary>
    public bool TryTake(int bytes, bool isSmall)
    {
        long limit = isSmall ? maxBytes : maxBytes - reservedForSmallBytes;
        if (Interlocked.Add(ref taken, bytes) <= limit) return true;
        Return(bytes);
        return false;
    }

    /// <summary>Takes so many bytes, also beyond the bound: for what cannot be refused any more.</summary>
    public void Take(int bytes) => Interlocked.Add(ref taken, bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(int bytes) => Interlocked.Add(ref taken, -bytes);
}
