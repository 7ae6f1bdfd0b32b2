using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>How an operator's wish to forget a node ended.</summary>
public enum ForgetOutcome
{
    /// <summary>Its record is gone here, and goes everywhere else.</summary>
    Forgotten,

    /// <summary>No such node is known.</summary>
    Unknown,

    /// <summary>It is alive (or this node itself) and would only come back.</summary>
    IsAlive,
}

/// <summary>
/// Spreads one record a node through the cluster and tells who is alive. It has one owner, who calls every method, one at a time; only
/// <see cref="View"/> and <see cref="Counters"/> may be read by others. It touches no clock, thread, socket or disk but those handed in.
/// </summary>
public sealed class Gossiper
{
    /// <summary>Who has not been heard of by then is down, or has another name: there is no use in waiting for it.</summary>
    private static readonly TimeSpan LongestAwaited = TimeSpan.FromSeconds(5);

    private readonly GossipOptions options;
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly NodeTable table;
    private readonly OwnNode own;
    private readonly PeerBook book;
    private readonly Rumors rumors = new();
    private readonly Reconciler reconciler;
    private readonly Exchanges exchanges;
    private readonly Alarms alarms = new();
    private readonly ByteWriter writer = new();
    private volatile ClusterView view;
    private TimeSpan lastTick;
    private bool wasLate;
    private bool isTelling;
    private string[] awaited; // cluster addresses; empty once all were heard of, or for long enough

    /// <summary>Begins a life of this node: a new generation is saved before the constructor returns, so call it before listening.</summary>
    /// <param name="first">What the node says of itself; generation and version are set here.</param>
    /// <param name="options">Who it is, and its seeds.</param>
    /// <param name="calls">The way to others.</param>
    /// <param name="time">The clocks.</param>
    /// <param name="random">The dice; used by the owner only.</param>
    /// <param name="saved">What is kept over a restart.</param>
    /// <exception cref="ArgumentException"><paramref name="first"/> is not a valid record of this node.</exception>
    public Gossiper(NodeRecord first, GossipOptions options, ICalls calls, TimeProvider time, Random random, IPeerStore saved)
    {
        (this.options, this.time, startedAt) = (options, time, time.GetTimestamp());
        table = new NodeTable(options, time);
        own = new OwnNode(first, options, table, saved, time, alarms);
        book = new PeerBook(first.ClusterAddress, options.Seeds, saved);
        reconciler = new Reconciler(table, own, rumors, book, time, random);
        exchanges = new Exchanges(options, calls, table, reconciler, rumors, book, new PeerChoice(table, random), Counters, IsOfOurs);
        view = table.Picture(0);
        awaited = [.. book.Others];
    }

    /// <summary>Told of each new picture, on the owner's thread.</summary>
    public event Action<ClusterView>? ViewChanged;

    /// <summary>Told of what an operator should know, on the owner's thread.</summary>
    public event Action<GossipAlarm>? AlarmRaised
    {
        add => alarms.Raised += value;
        remove => alarms.Raised -= value;
    }

    /// <summary>Told of each exchange that failed: the address and how, on the owner's thread. Failures are the rule while nodes are down.</summary>
    public event Action<string, CallResult>? ExchangeFailed
    {
        add => exchanges.Failed += value;
        remove => exchanges.Failed -= value;
    }

    /// <summary>What is known now; may be read from any thread.</summary>
    public ClusterView View => view;

    /// <summary>Whether this node has just started, and knows of others of whom it has not heard in this life: what <see cref="View"/> lacks may be
    /// there in a moment.</summary>
    public bool AwaitsOthers => awaited.Length > 0;

    /// <summary>What this node says of itself; the starting point of an <see cref="Update"/>.</summary>
    public NodeRecord Own => own.Record;

    /// <summary>What was done so far; may be read from any thread.</summary>
    public GossipCounters Counters { get; } = new();

    private TimeSpan Now => time.GetElapsedTime(startedAt);

    /// <summary>Does what is due. To be called about every 50 ms; a late call judges nobody.</summary>
    public void Tick()
    {
        TimeSpan now = Now;
        bool isLate = now - lastTick > options.LateTick;
        if (isLate) table.Excuse(now - lastTick - options.LateTick, now);
        lastTick = now;
        exchanges.TakeEnded(now);
        if (own.Tick(now)) rumors.Add(options.Node);
        // Late once was a pause. Late all the time is a slow machine, and must still see a death.
        if (!isLate || wasLate) table.Judge(now);
        wasLate = isLate;
        exchanges.Begin(now);
        exchanges.Push(now);
        book.Refresh(table.Nodes.Where(node => node.IsAlive && node != table.Own), time.GetUtcNow(), now);
        Tell();
    }

    /// <summary>Takes the answers that have come; call it when <see cref="GossipOptions.Wake"/> says so, or leave it to the next tick.</summary>
    public void TakeResults()
    {
        TimeSpan now = Now;
        exchanges.TakeEnded(now);
        exchanges.Push(now);
        Tell();
    }

    /// <summary>Says what the node says of itself now; pushed to some peers at once, or with the next push if one has just gone.</summary>
    /// <param name="said">The whole record: <see cref="Own"/> with the changed members. Its generation and version are set here.</param>
    /// <exception cref="ArgumentException">It is not a valid record of this node.</exception>
    public void Update(NodeRecord said)
    {
        if (!own.Update(said)) return;
        rumors.Add(options.Node);
        exchanges.Push(Now);
        Tell();
    }

    /// <summary>Says how much the node holds now; may be called as often as wished, told on every five seconds or when health changes.</summary>
    public void UpdateLoad(LoadRecord load) => own.UpdateLoad(load);

    /// <summary>Takes a call of kind <see cref="CallKind.GossipDigest"/> or <see cref="CallKind.GossipDelta"/>. Never throws, whatever the bytes.</summary>
    /// <returns>The answer; null for what no node of this version and cluster would send, which is then not answered.</returns>
    public byte[]? Handle(Caller from, CallKind kind, ReadOnlySpan<byte> body)
    {
        TimeSpan now = Now;
        Counters.BytesReceived += body.Length;
        if (from.Node == options.Node && from.ProcessNonce != options.ProcessNonce)
        {
            own.SeenAnotherProcess(from.ProcessNonce, now);
            return null;
        }

        writer.ClearAndTrim(GossipLimits.MaxFrameBytes);
        bool isTaken = kind switch
        {
            CallKind.GossipDigest => TakeDigest(from, body, now),
            CallKind.GossipDelta => TakeDelta(from, body, now),
            _ => false,
        };
        exchanges.Push(now);
        Tell();
        if (!isTaken)
        {
            Counters.Ignored++;
            return null;
        }

        Counters.BytesSent += writer.Length;
        return writer.Written.ToArray();
    }

    /// <summary>Ends the record of a node that is gone for good, here and everywhere, and its place among the peers that are tried for ever.</summary>
    /// <remarks>A node that is alive after all goes above it with a new generation and is back.</remarks>
    public ForgetOutcome Forget(NodeId node)
    {
        if (!table.TryGet(node, out KnownNode? known) || known.IsForgotten)
        {
            return book.Forget(node, Now) ? ForgetOutcome.Forgotten : ForgetOutcome.Unknown;
        }

        if (known.IsAlive) return ForgetOutcome.IsAlive;
        TimeSpan now = Now;
        table.Forget(known, now);
        book.Forget(node, now);
        rumors.Add(node);
        exchanges.Push(now);
        Tell();
        return ForgetOutcome.Forgotten;
    }

    private bool TakeDigest(Caller from, ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (DigestQuestion.TryRead(body) is not { } question || question.Header.Sender != from.Node || !IsOfOurs(question.Header)) return false;
        reconciler.Answer(question, now).Write(writer);
        return true;
    }

    private bool TakeDelta(Caller from, ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (Delta.TryRead(body) is not { } delta || delta.Header.Sender != from.Node || !IsOfOurs(delta.Header)) return false;
        reconciler.Take(delta, now);
        reconciler.AnswerWants(delta, now).Write(writer);
        return true;
    }

    /// <summary>Two clusters never merge, and a node that seeks one keeps to the first it hears of.</summary>
    private bool IsOfOurs(GossipHeader header)
    {
        if (header.Cluster.IsNone || header.Cluster == table.Cluster) return true;
        if (table.Cluster.IsNone)
        {
            table.Enter(header.Cluster);
            return true;
        }

        alarms.Raise(GossipAlarmKind.AnotherCluster, $"node {header.Sender} belongs to cluster {header.Cluster}, this one to {table.Cluster}; nothing of it is taken", Now);
        return false;
    }

    private bool HasRecordsOfAllAwaited()
    {
        HashSet<string> known = [.. table.Nodes.Where(node => node.Record is not null).Select(node => node.Record!.ClusterAddress)];
        return known.IsSupersetOf(awaited);
    }

    private void Tell()
    {
        if (isTelling) return; // an Update made while a picture is shown: the next one follows it
        isTelling = true;
        try
        {
            while (table.HasChanged)
            {
                view = table.Picture(view.Number + 1);
                ViewChanged?.Invoke(view);
            }

            if (AwaitsOthers && (Now > LongestAwaited || HasRecordsOfAllAwaited())) awaited = []; // what they told is in the view
        }
        finally
        {
            isTelling = false;
        }
    }
}
