using System.Text;
using Gache.Cluster.Tests.Founding;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Cluster.Tests.Watches;

/// <summary>
/// Members that apply what they are given, of one shard if nothing else is said, watches at each of them and at a node that only routes; all in one
/// thread, by the tick.
/// </summary>
internal sealed class WatchedShard
{
    private readonly Queue<Action> soon = new();
    private ulong views;

    public List<WatchingNode> Nodes { get; } = [];

    /// <summary>How many things wait to be done outside of whoever wanted them.</summary>
    public int Waiting => soon.Count;

    /// <summary>Adds a node.</summary>
    /// <param name="hasReplica">Whether it does not only route.</param>
    /// <param name="maxStoreBytes">The bound on its memory; a history has an eighth of it.</param>
    /// <param name="maxInFlightBytes">The bound on what is on its way to its watchers.</param>
    /// <param name="hasClusterPort">Whether it can ask others.</param>
    /// <param name="own">A shard of its own with these slots; null: the one shard that has all.</param>
    public WatchingNode Add(
        bool hasReplica = true, long maxStoreBytes = 1L << 30, long maxInFlightBytes = WatchBounds.MaxInFlightBytesOfAll, bool hasClusterPort = true, (int First, int Last)? own = null)
    {
        var node = new WatchingNode(this, new NodeId((UInt128)(Nodes.Count + 100)), hasReplica, maxStoreBytes, maxInFlightBytes, hasClusterPort, own);
        Nodes.Add(node);
        Tell();
        return node;
    }

    public void RunSoon(Action action) => soon.Enqueue(action);

    /// <summary>Does what waits, and what comes of that.</summary>
    public void Settle()
    {
        while (true)
        {
            while (soon.TryDequeue(out Action? action)) action();
            foreach (WatchingNode node in Nodes) node.Work();
            if (soon.Count == 0) return;
        }
    }

    public void Pass(TimeSpan time)
    {
        for (int tick = 0; tick < WatchBounds.InTicks(time); tick++)
        {
            foreach (WatchingNode node in Nodes) node.Watches.Tick();
            Settle();
        }
    }

    public void Until(string what, Func<bool> isSo)
    {
        for (int tick = 0; !isSo(); tick++)
        {
            Assert.True(tick < 2_400, $"it did not happen in two minutes that {what}");
            Pass(ClusterTimes.Tick);
        }
    }

    /// <summary>A result once it is there.</summary>
    public T Result<T>(Task<T> task)
    {
        Settle();
        Until("it is answered", () => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>All members apply a write.</summary>
    public void Write(string key, string value, params WatchingNode[] nodes)
    {
        foreach (WatchingNode node in nodes) node.Apply(Command.EncodeSet(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)));
        Settle();
    }

    /// <summary>Gossip tells what there is to tell.</summary>
    public void Tell()
    {
        var view = new ClusterView(++views, Nodes.Select(node => node.Status.Cluster).FirstOrDefault(cluster => !cluster.IsNone), [.. Nodes.OrderBy(node => node.Node).Select(node => node.View)]);
        foreach (WatchingNode node in Nodes) node.Told = (view, new SlotMap(view));
    }
}

/// <summary>A node of a <see cref="WatchedShard"/>.</summary>
internal sealed class WatchingNode : ICalls
{
    private readonly WatchedShard shard;
    private readonly LoneReplica? lone;
    private readonly ReplicaStatus outside;
    private readonly (int First, int Last) slots;

    public WatchingNode(WatchedShard shard, NodeId node, bool hasReplica, long maxStoreBytes, long maxInFlightBytes, bool hasClusterPort, (int First, int Last)? own)
    {
        (this.shard, Node, slots) = (shard, node, own ?? (0, Slot.Count - 1));
        byte[]? found = null;
        if (own is { } range)
        {
            var set = new SlotSet();
            for (int slot = range.First; slot <= range.Last; slot++) set.Add(slot);
            found = new SlotsCommand(CommandKind.Found, default, false, set).Encode();
        }

        lone = hasReplica
            ? new LoneReplica(found, node, maxStoreBytes, shard.RunSoon, own is null ? default : new ShardId(node.Value))
            : null;
        outside = ReplicaStatus.Outside(node, "it only routes", 1);
        Watches = new Cluster.Watches(new WatchesOptions
        {
            Status = () => Status, Replica = () => lone?.Replica, Run = shard.RunSoon, MaxInFlightBytes = maxInFlightBytes,
            Calls = hasClusterPort ? this : null, Map = hasClusterPort ? () => Told.Map : null, View = hasClusterPort ? () => Told.View : null,
        });
    }

    public NodeId Node { get; }

    public Cluster.Watches Watches { get; }

    public (ClusterView View, SlotMap Map) Told { get; set; }

    public bool Leads { get; set; }

    /// <summary>Whether gossip hears it.</summary>
    public bool IsAlive { get; set; } = true;

    /// <summary>Whether it answers calls.</summary>
    public bool Answers { get; set; } = true;

    /// <summary>How often it asked others for news.</summary>
    public int AskedForNews { get; private set; }

    /// <summary>Whether its replica hears the leader.</summary>
    public bool Follows { get; set; } = true;

    public ReplicaStatus Status => lone is null
        ? outside
        : lone.Replica.Status with { Role = Leads ? ReplicaRole.Leader : ReplicaRole.Follower, IsLeaderHeard = Follows, Members = [] };

    public NodeView View => new(
        new NodeRecord
        {
            Node = Node, Cluster = Status.Cluster, Shard = Status.Shard, ApiAddress = $"api:{Node}", ClusterAddress = Address, Term = 1,
            Role = lone is null ? NodeRole.Outside : Leads ? NodeRole.Leader : NodeRole.Follower, Slots = Leads ? [new SlotRange(slots.First, slots.Last, 1)] : [],
        },
        null, IsAlive, default);

    private string Address => $"cluster:{Node}";

    public void Work() => lone?.Work();

    public void Apply(byte[] command)
    {
        Task<WriteAnswer> answer = lone!.Replica.WriteAsync(command).AsTask();
        lone.Work();
        Assert.True(answer.IsCompletedSuccessfully);
        Assert.Null(answer.Result.Refusal);
    }

    /// <summary>Goes on where an earlier watch ended.</summary>
    public WatchStart Begin(string? cursor, string prefix = "") => shard.Result(Watches.BeginAsync(WatchFilter.OfPrefix(Encoding.UTF8.GetBytes(prefix)), cursor));

    /// <summary>Watches, from now on or from a cursor.</summary>
    public Listener Watch(string? cursor = null, bool isSlow = false) => Watch(new Listener { IsSlow = isSlow }, cursor);

    /// <summary>Watches on behalf of a client.</summary>
    public Listener Watch(Listener listener, string? cursor = null)
    {
        WatchStart start = Begin(cursor);
        Assert.Equal(WatchRefusal.None, start.Why);
        listener.Watcher = start.Watcher;
        listener.End = start.Watcher!.RunAsync(listener);
        shard.Settle();
        return listener;
    }

    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
    {
        if (kind == CallKind.WatchNews) AskedForNews++;
        WatchingNode? there = shard.Nodes.Find(node => node.Address == address);
        if (there is not { Answers: true } || !there.Watches.TryHandle(kind, body, answer => done(new CallResult(CallOutcome.Answered, answer.ToArray(), ""))))
            done(new CallResult(CallOutcome.NotSent, default, "it is silent"));
    }
}

/// <summary>A client that keeps what it is told.</summary>
internal sealed class Listener : IWatchSink
{
    private TaskCompletionSource<bool>? stuck;
    private WatchBatch? taking;
    private int piecesLeft;

    public List<string> Told { get; } = [];

    public string Cursor { get; private set; } = "";

    /// <summary>Takes changes only once it is given up.</summary>
    public bool IsSlow { get; init; }

    /// <summary>In how many pieces it takes changes, one with each <see cref="TakePiece"/>; 0: all at once.</summary>
    public int Pieces { get; set; }

    /// <summary>Does not even take word of its place.</summary>
    public bool IsStuckAtProgress { get; init; }

    /// <summary>That it is given up does not become known to whoever sends.</summary>
    public bool KeepsSending { get; init; }

    public int Aborts { get; private set; }

    public bool IsAborted => Aborts > 0;

    public Watcher? Watcher { get; set; }

    public WatchEnd? Why { get; private set; }

    public Task<WatchEnd>? End { get; set; }

    public ValueTask<bool> ReadyAsync(string cursor)
    {
        Cursor = cursor;
        return new(true);
    }

    public ValueTask<bool> SendAsync(WatchBatch batch)
    {
        if (IsSlow) return Stuck();
        if (Pieces > 0)
        {
            (taking, piecesLeft) = (batch, Pieces);
            return Stuck();
        }

        Take(batch);
        return new(true);
    }

    /// <summary>Takes a piece of what is being told, if anything is.</summary>
    public void TakePiece()
    {
        if (taking is not { } batch) return;
        batch.NoteTaken();
        if (--piecesLeft > 0) return;
        Take(batch);
        taking = null;
        stuck!.TrySetResult(true);
    }

    private ValueTask<bool> Stuck()
    {
        stuck = new TaskCompletionSource<bool>();
        return new(stuck.Task);
    }

    private void Take(WatchBatch batch)
    {
        while (batch.TryTake(out WatchedChange change, out string? cursor))
        {
            Told.Add(Encoding.UTF8.GetString(change.Key));
            Cursor = cursor;
        }
    }

    public ValueTask<bool> ProgressAsync(string cursor) => IsStuckAtProgress ? Stuck() : ReadyAsync(cursor);

    public ValueTask CloseAsync(WatchEnd why, string cursor)
    {
        (Why, Cursor) = (why, cursor);
        return default;
    }

    public void Abort()
    {
        Aborts++;
        if (!KeepsSending) stuck?.TrySetResult(false);
    }
}
