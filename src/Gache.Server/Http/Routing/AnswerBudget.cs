namespace Gache.Server.Http.Routing;

/// <summary>Bounds the memory of answers to forwarded requests (P10), from before a value is copied until the cluster port has taken the answer over.</summary>
/// <param name="heldByPort">What the cluster port holds: requests, and answers that wait to be sent. Both together stay below the bound.</param>
/// <param name="limitBytes">The bound.</param>
internal sealed class AnswerBudget(Func<long> heldByPort, long limitBytes = AnswerBudget.DefaultBytes)
{
    /// <summary>192 MiB: what the port lets large requests take.</summary>
    public const long DefaultBytes = 192L * 1024 * 1024;

    private long taken;

    /// <summary>Takes a share; false if the bound would be passed.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref taken, bytes) + heldByPort() <= limitBytes) return true;
        Return(bytes);
        return false;
    }

    /// <summary>Takes a share, also beyond the bound: for what cannot be refused any more.</summary>
    public void Take(long bytes) => Interlocked.Add(ref taken, bytes);

    /// <summary>Gives a share back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref taken, -bytes);
}
