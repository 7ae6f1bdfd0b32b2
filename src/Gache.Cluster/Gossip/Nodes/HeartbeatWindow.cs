namespace Gache.Cluster;

/// <summary>How regularly one node's heartbeat rises here, and so for how long it may be silent.</summary>
/// <remarks>The phi accrual detector's idea in its simplest form, as in Cassandra and chitchat: a bound in mean intervals, within fixed bounds.</remarks>
internal sealed class HeartbeatWindow
{
    /// <summary>Silent for this many mean intervals is unreachable…</summary>
    private const int MeanIntervals = 8;

    /// <summary>…but never sooner…</summary>
    public static readonly TimeSpan LeastTimeout = TimeSpan.FromSeconds(2);

    /// <summary>…and never later.</summary>
    public static readonly TimeSpan MostTimeout = TimeSpan.FromSeconds(5);

    private const int Weight = 8; // of all earlier intervals against the newest: about two seconds of memory

    private TimeSpan mean = MostTimeout / MeanIntervals; // patient with a node that is hardly known

    /// <summary>After this long without a rise the node is unreachable.</summary>
    public TimeSpan Timeout
    {
        get
        {
            TimeSpan timeout = mean * MeanIntervals;
            return timeout < LeastTimeout ? LeastTimeout : timeout > MostTimeout ? MostTimeout : timeout;
        }
    }

    /// <summary>Takes the time between two rises; one that is longer than any timeout was an absence and says nothing of the rhythm.</summary>
    public void Add(TimeSpan interval)
    {
        if (interval <= MostTimeout) mean += (interval - mean) / Weight;
    }

    /// <summary>Begins anew, for a node that came back.</summary>
    public void Reset() => mean = MostTimeout / MeanIntervals;
}
