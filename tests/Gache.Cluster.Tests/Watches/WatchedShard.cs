using System.Text;
using Gache.Cluster.Tests.Founding;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Cluster.Tests.Watches;

/// <summary>A shard whose members apply what they are given, watches at each of them and at a node that only routes; all in one thread, by the tick.</summary>
internal sealed class WatchedShard
{
    private readonly Queue<Action> soon = new();
    private ulong views;

    public List<WatchingNode> Nodes { get; } = [];

    /// <summary>How many things wait to be done outside of whoever wanted them.</summary>
    public int Waiting => soon.Count;

    public WatchingNode Add(bool hasReplica = true, long maxStoreBytes = 1L << 30, long maxInFlightBytes = WatchBounds.MaxInFlightBytesOfAll)
    {
        var node = new WatchingNode(this, new NodeId((UInt128)(Nodes.Count + 100)), hasReplica, maxStoreBytes, maxInFlightBytes);
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

    public WatchingNode(WatchedShard shard, NodeId node, bool hasReplica, long maxStoreBytes, long maxInFlightBytes)
    {
        (this.shard, Node) = (shard, node);
        lone = hasReplica ? new LoneReplica(node: node, maxStoreBytes: maxStoreBytes, handOver: shard.RunSoon) : null;
        outside = ReplicaStatus.Outside(node, "it only routes", 1);
        Watches = new Cluster.Watches(new WatchesOptions
        {
            Status = () => Status, Replica = () => lone?.Replica, Calls = this, Map = () => Told.Map, View = () => Told.View, Run = shard.RunSoon, MaxInFlightBytes = maxInFlightBytes,
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

    /// <summary>Whether its replica hears the leader.</summary>
    public bool Follows { get; set; } = true;

    public ReplicaStatus Status => lone is null
        ? outside
        : lone.Replica.Status with { Role = Leads ? ReplicaRole.Leader : ReplicaRole.Follower, IsLeaderHeard = Follows, Members = [] };

    public NodeView View => new(
        new NodeRecord
        {
            Node = Node, Cluster = Status.Cluster, Shard = Status.Shard, ApiAddress = $"api:{Node}", ClusterAddress = Address, Term = 1,
            Role = lone is null ? NodeRole.Outside : Leads ? NodeRole.Leader : NodeRole.Follower, Slots = Leads ? [new SlotRange(0, Slot.Count - 1, 1)] : [],
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
    public Listener Watch(string? cursor = null, bool isSlow = false)
    {
        WatchStart start = Begin(cursor);
        Assert.Equal(WatchRefusal.None, start.Why);
        var listener = new Listener { IsSlow = isSlow };
        listener.End = start.Watcher!.RunAsync(listener);
        shard.Settle();
        return listener;
    }

    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
    {
        WatchingNode? there = shard.Nodes.Find(node => node.Address == address);
        if (there is not { Answers: true } || !there.Watches.TryHandle(kind, body, answer => done(new CallResult(CallOutcome.Answered, answer.ToArray(), ""))))
            done(new CallResult(CallOutcome.NotSent, default, "it is silent"));
    }
}

/// <summary>A client that keeps what it is told.</summary>
internal sealed class Listener : IWatchSink
{
    private TaskCompletionSource<bool>? stuck;

    public List<string> Told { get; } = [];

    public string Cursor { get; private set; } = "";

    /// <summary>Takes changes only once it is given up.</summary>
    public bool IsSlow { get; init; }

    public bool IsAborted { get; private set; }

    public WatchEnd? Why { get; private set; }

    public Task<WatchEnd>? End { get; set; }

    public ValueTask<bool> ReadyAsync(string cursor)
    {
        Cursor = cursor;
        return new(true);
    }

    public ValueTask<bool> SendAsync(WatchBatch batch)
    {
        if (IsSlow)
        {
            stuck = new TaskCompletionSource<bool>();
            return new(stuck.Task);
        }

        while (batch.TryTake(out WatchedChange change, out string? cursor))
        {
            Told.Add(Encoding.UTF8.GetString(change.Key));
            Cursor = cursor;
        }

        return new(true);
    }

    public ValueTask<bool> ProgressAsync(string cursor) => ReadyAsync(cursor);

    public ValueTask CloseAsync(WatchEnd why, string cursor)
    {
        (Why, Cursor) = (why, cursor);
        return default;
    }

    public void Abort()
    {
        IsAborted = true;
        stuck?.TrySetResult(false);
    }
}
