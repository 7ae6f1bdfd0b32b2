using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Who gossips, with whom first, and how often. The times' defaults are the design's; tests of rare things shorten them.</summary>
public sealed class GossipOptions
{
    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Differs between two processes of one node, as in the preamble of its calls.</summary>
    public required ulong ProcessNonce { get; init; }

    /// <summary>Cluster addresses to try for ever, <c>host:port</c>; names are resolved anew with each call. This node's own may be among them.</summary>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Called from any thread when a call has ended and <see cref="Gossiper.TakeResults"/> has something to do; must not block.</summary>
    public Action Wake { get; init; } = () => { };

    /// <summary>How often the owner means to call <see cref="Gossiper.Tick"/>.</summary>
    public TimeSpan TickEvery { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A tick that comes later than this after the one before was a pause: its rest excuses everybody's silence.</summary>
    public TimeSpan LateTick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Within it three live peers are asked, one after another (while nothing changes one where there are fewer than 16, two below 32), and perhaps a dead one and a seed.</summary>
    public TimeSpan Round { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The least time between two pushes; changes between them go together.</summary>
    public TimeSpan PushEvery { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The least time between two load records, unless health changed.</summary>
    public TimeSpan LoadEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An answer that is not there after this ends one exchange. (To connect, calls take a second at most.)</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a dead record is told on: half of <see cref="KeepDeadFor"/>, so that it has left everybody before anybody could be told anew.</summary>
    public TimeSpan TellDeadFor => KeepDeadFor / 2;

    /// <summary>How long a dead record is kept.</summary>
    public TimeSpan KeepDeadFor { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often an address that is no live node's is tried while there are live peers; a round apart while there are none.
    /// One that led to this node itself is never tried more often.</summary>
    public TimeSpan TryLostEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same for a seed that has not answered yet: it may be the only bridge between two halves of a cluster that forms.</summary>
    public TimeSpan TryUnmetEvery { get; init; } = TimeSpan.FromSeconds(1);
}
