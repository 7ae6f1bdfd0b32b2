namespace Gache.Cluster;

/// <summary>Bounds and times of watches, each in one place.</summary>
public static class WatchBounds
{
    /// <summary>Watchers of one node; the next one is refused.</summary>
    public const int MaxWatchers = 10_000;

    /// <summary>Changes in flight to a watcher, in bytes; a larger one is sent alone.</summary>
    public const int MaxInFlightBytes = 16 * 1024;

    /// <summary>What all watchers of a node have in flight together, in bytes, as it was read (the text is written piece by piece, <see cref="MaxTextBytes"/>): who
    /// finds no room waits for its turn and reads then, and whoever takes nothing for longer than <see cref="InTheWay"/> meanwhile is cut off, the slowest first.</summary>
    public const long MaxInFlightBytesOfAll = 64L << 20;

    /// <summary>Text that is written for a watcher before its connection takes it over, in bytes, however large a change is.</summary>
    public const int MaxTextBytes = 64 * 1024;

    /// <summary>Reads of a node's watchers under way at other nodes; the next ones wait for a tick.</summary>
    public const int MaxReadsElsewhere = 64;

    /// <summary>Other nodes that wait here for news; the next one is answered at once, with nothing.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>A watcher whose place has not changed gets one told this often.</summary>
    public static readonly TimeSpan Progress = TimeSpan.FromSeconds(10);

    /// <summary>A watcher that takes nothing of what was sent for this long is cut off.</summary>
    public static readonly TimeSpan Stalled = TimeSpan.FromSeconds(10);

    /// <summary>The same for one that holds room while others wait for some. Whoever takes a piece within that is slow, and stays.</summary>
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
