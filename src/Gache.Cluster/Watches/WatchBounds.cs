namespace Gache.Cluster;

/// <summary>Bounds and times of watches, each in one place.</summary>
public static class WatchBounds
{
    /// <summary>Watchers of one node; the next one is refused.</summary>
    public const int MaxWatchers = 10_000;

    /// <summary>Changes in flight to a watcher, in bytes; a larger one is sent alone.</summary>
    public const int MaxInFlightBytes = 16 * 1024;

    /// <summary>What all watchers of a node have in flight together, in bytes, each change counted as it is read and once more as text: who finds no room
    /// waits for its turn and reads then, and whoever keeps others waiting for longer than <see cref="InTheWay"/> is cut off, the slowest first.</summary>
    public const long MaxInFlightBytesOfAll = 64L << 20;

    /// <summary>Reads of a node's watchers under way at other nodes; the next ones wait for a tick.</summary>
    public const int MaxReadsElsewhere = 64;

    /// <summary>Other nodes that wait here for news; the next one is answered at once, with nothing.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>A watcher whose place has not changed gets one told this often.</summary>
    public static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);

    /// <summary>A watcher that takes nothing of what was sent for this long is cut off.</summary>
    public static readonly TimeSpan Stalled = TimeSpan.FromSeconds(10);

    /// <summary>The same while others wait for the room that it holds.</summary>
    public static readonly TimeSpan InTheWay = TimeSpan.FromSeconds(1);

    /// <summary>How long a place to begin at is looked for: slots may be between two shards, and shards between two leaders.</summary>
    public static readonly TimeSpan Begin = TimeSpan.FromSeconds(5);

    /// <summary>How long who does not answer is asked again before a client is told to come again: an answer may be lost with its connection.</summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromSeconds(1);

    /// <summary>A member that is away may come back with a history; once it has been away for this long it is not waited for.</summary>
    public static readonly TimeSpan Missed = TimeSpan.FromMinutes(1);

    /// <summary>A replica here that has not followed its shard for this long is not read: other members are.</summary>
    public static readonly TimeSpan Behind = TimeSpan.FromSeconds(3);

    /// <summary>A watch that has heard nothing of some slot's shard for this long ends: at another node it may go on.</summary>
    public static readonly TimeSpan Unheard = TimeSpan.FromSeconds(30);

    internal static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(5);

    internal static readonly TimeSpan LongPollCall = TimeSpan.FromSeconds(7);

    internal static readonly TimeSpan Call = TimeSpan.FromSeconds(2);

    internal const int PollsATick = 4; // at a busy shard several changes then come in one answer

    internal const int LookEveryTicks = 10; // at all watchers: whose turn to be told its place is it?

    internal const int SearchEveryTicks = 4; // for whoever has a slot that is between two shards

    internal static int InTicks(TimeSpan time) => (int)(time / ClusterTimes.Tick);
}
