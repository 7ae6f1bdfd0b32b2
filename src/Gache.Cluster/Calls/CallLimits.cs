namespace Gache.Cluster;

/// <summary>Bounds of what passes over the cluster port.</summary>
public static class CallLimits
{
    /// <summary>The largest body of a request or an answer: 15 MiB, so that a frame with its head stays below 16 MiB.</summary>
    public const int MaxBodyBytes = 15 * 1024 * 1024;

    /// <summary>The longest that a call may wait for its answer; a longer timeout counts as this.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromMinutes(10);

    /// <summary>A body up to this length is small: copied when it is sent, and let in when only the room for small ones is left.</summary>
    internal const int SmallBodyBytes = 64 * 1024;

    /// <summary>Calls of one connection that wait or are under way at the caller; the next one is not sent.</summary>
    internal const int MaxPendingCalls = 4096;

    /// <summary>The same for calls that wait long; fewer than <see cref="MaxServedRequests"/>, so that the receiver always reads on and hears of those given up.</summary>
    internal const int MaxWaitingCalls = 1_000;

    /// <summary>Bodies of the pending calls of one control connection, or one for calls that wait long, in bytes; one call always fits.</summary>
    internal const long MaxPendingControlBytes = 4 * 1024 * 1024;

    /// <summary>Bodies of the pending calls of one bulk connection, in bytes; one call always fits.</summary>
    internal const long MaxPendingBulkBytes = 64 * 1024 * 1024;

    /// <summary>Addresses that a caller remembers; those without calls and connections are forgotten first.</summary>
    internal const int MaxAddresses = 4096;

    /// <summary>Requests of one connection that the receiver has not answered yet; it reads no further until one is.</summary>
    internal const int MaxServedRequests = 1024;

    /// <summary>Bodies of the unanswered requests of one connection with answers that are not sent yet; likewise.</summary>
    internal const long MaxServedBytes = 32 * 1024 * 1024;

    /// <summary>The same over all connections of a receiver; beyond it a request is read, dropped and refused.</summary>
    internal const long MaxBytesOfAllConnections = 256 * 1024 * 1024;

    /// <summary>Of <see cref="MaxBytesOfAllConnections"/> what only small bodies may use, so that gossip gets through under any load.</summary>
    internal const long ReservedForSmallBytes = 64 * 1024 * 1024;
}
