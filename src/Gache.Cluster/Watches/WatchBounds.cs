namespace Gache.Cluster;

/// <summary>Bounds and times of watches, each in one place.</summary>
public static class WatchBounds
{
    /// <summary>Watchers of one node; the next one is refused.</summary>
    public const int MaxWatchers = 10_000;

    /// <summary>Changes in flight to a watcher, in bytes; a larger one is sent alone.</summary>
    public const int MaxInFlightBytes = 16 * 1024;

    /// <summary>Reads of a node's watchers under way at other nodes; the next ones wait for a tick.</summary>
    public const int MaxReadsElsewhere = 64;

    /// <summary>Other nodes that wait here for news; the next one is answered at once, with nothing.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>A watcher whose place has not changed gets one told this often.</summary>
    public static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);

    /// <summary>A watcher that takes nothing of what was sent for this long is cut off.</summary>
    public static readonly TimeSpan Stalled = TimeSpan.FromSeconds(10);

    /// <summary>How long a place to begin at is looked for: slots may be between two shards, and shards between two leaders.</summary>
    public static readonly TimeSpan Begin = TimeSpan.FromSeconds(5);

    internal static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(5);

    internal static readonly TimeSpan LongPollCall = TimeSpan.FromSeconds(7);

    internal static readonly TimeSpan Call = TimeSpan.FromSeconds(2);

    internal const int PollsATick = 4; // at a busy shard several changes then come in one answer

    internal const int LookEveryTicks = 10; // at all watchers: whose turn to be told its place is it?

    internal const int SearchEveryTicks = 4; // for whoever has a slot that is between two shards

    internal static int InTicks(TimeSpan time) => (int)(time / ClusterTimes.Tick);
}
