namespace Gache.Replication.Transport;

/// <summary>How long things take between peers, at most.</summary>
internal static class TransportTimes
{
    /// <summary>From one try to dial to the next. Below the promised 250 ms, so that a late wake-up stays within it.</summary>
    public static readonly TimeSpan Redial = TimeSpan.FromMilliseconds(200);

    /// <summary>For one connect, and for a whole probe.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromMilliseconds(250);

    /// <summary>For the preamble and its answer.</summary>
    public static readonly TimeSpan Preamble = TimeSpan.FromSeconds(1);

    /// <summary>For one look-up of a name.</summary>
    public static readonly TimeSpan Resolve = TimeSpan.FromSeconds(1);

    /// <summary>A control connection that was silent for this long says "still here".</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(100);

    /// <summary>A control connection on which nothing came for this long is cut off.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    /// <summary>The largest election timeout: a process not heard for this long may be replaced by another with its id.</summary>
    public static readonly TimeSpan ElectionTimeout = TimeSpan.FromMilliseconds(400);

    /// <summary>The kernel gives up on bytes that were not acknowledged for this long.</summary>
    public static readonly TimeSpan Unacknowledged = TimeSpan.FromSeconds(5);

    /// <summary>Dispose waits this long for the threads.</summary>
    public static readonly TimeSpan Stop = TimeSpan.FromSeconds(5);
}
