using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>One node's part in the cluster: it gossips, knows where slots are, grants and moves them, and answers other nodes.</summary>
/// <remarks>
/// Driven by <see cref="Tick"/> and by calls; the same code under virtual time. What it knows of others routes requests and nothing else:
/// who owns a slot is decided in the shards' logs (P9).
/// </remarks>
public sealed class ClusterNode : ICallHandler, IShardFinder
{
    private const ulong FoundingEntries = 2; // the configuration, and the slots: before them the applied state says nothing of this shard
    private const int RedialEveryTicks = 5;
    private const int MaxRedialled = 8;
    private const int LookForOwnersEveryTicks = 20;

    private readonly ClusterNodeOptions options;
    private readonly Lock gate = new(); // gossip has one owner at a time
    private readonly SlotSource source;
    private readonly SlotTarget target;
    private readonly GrantKeeper grants;
    private readonly LearntSlots learnt = new();
    private volatile Gossiper gossip;
    private NodeId gossipsAs;
    private readonly ContestedSlots contested = new();
    private bool hasWoken;
    private long tick;
    private ReplicaStatus? publishedStatus;
    private long publishedSlots = -1;
    private bool isReadingSlots;
    private bool isFoundingShard;
    private volatile IReadOnlyList<SlotRange> ownSlots = [];
    private ulong mappedView = ulong.MaxValue;
    private volatile SlotMap map;
    private volatile bool awaitsOthers; // what the map lacks may be there in a moment
    private volatile ClusterView view;
    private volatile StrangerCall? stranger;

    /// <summary>Makes the node's part; nothing happens before the first tick or call.</summary>
    public ClusterNode(ClusterNodeOptions options)
    {
        this.options = options;
        ReplicaStatus status = options.Status();
        gossipsAs = status.Node;
        gossip = options.Gossip(Describe(status), Wake);
        view = gossip.View;
        map = new SlotMap(view);
        awaitsOthers = gossip.AwaitsOthers;
        source = new SlotSource(options.Replica, options.Calls, this, options.Moves, Learn, options.Logger);
        target = new SlotTarget(options.Replica, options.Logger);
        Watches = new Watches(new WatchesOptions
        {
            Status = options.Status, Replica = options.Replica, Calls = options.Calls, Map = () => map, View = () => view, Run = options.Run,
        });
        grants = new GrantKeeper(options.Replica, () => view, options.Logger);
    }

    /// <summary>Who watches keys at this node.</summary>
    public Watches Watches { get; }

    /// <summary>What gossip tells.</summary>
    public ClusterView View => view;

    /// <summary>Where the slots are, as far as is known.</summary>
    public SlotMap Map => map;

    /// <summary>How many slots this node, as a source, works on at this moment.</summary>
    public int SlotsUnderWay => source.Running;

    /// <summary>How many slots this node moved to other shards since it began.</summary>
    public long SlotsMoved => source.Moved;

    /// <summary>What gossip did since it began, or began anew as another node; read a little late.</summary>
    public GossipCounters GossipCounters => gossip.Counters;

    /// <summary>What an operator should look at: moves that stand still, and slots with two owners.</summary>
    public IReadOnlyList<string> Warnings => [.. source.Troubles, .. contested.Words];

    /// <summary>Whether the node belongs to no shard and was not meant to.</summary>
    public bool RoutesOnly => options.RoutesOnly && options.Replica() is null;

    /// <summary>Who of an existing cluster called while this node belonged to none; null if nobody did.</summary>
    public Caller? Stranger => stranger?.Caller;

    /// <summary>Where a request for a slot belongs.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public SlotRoute RouteOf(int slot)
    {
        ReplicaStatus status = options.Status();
        bool isMember = status.Role != ReplicaRole.Outside && status.AppliedIndex >= FoundingEntries;
        bool mayLack = awaitsOthers; // looked at before the map
        return SlotRouting.Decide(slot, status, isMember ? options.Replica()?.SlotPhaseOf(slot) : null, map, mayLack);
    }

    /// <inheritdoc/>
    public ClusterPeer? LeaderOf(ShardId shard) => map.LeaderOf(shard);

    /// <inheritdoc/>
    public bool Knows(ShardId shard) => view.Nodes.Any(node => node.Record.Shard == shard);

    /// <summary>Time passed: to be called every <see cref="ClusterTimes.Tick"/>, by one thread at a time.</summary>
    public void Tick()
    {
        tick++;
        ReplicaStatus status = options.Status();
        Replica? toRead;
        lock (gate)
        {
            if (status.Node != gossipsAs) BeginAnew(status);
            toRead = Publish(status);
            gossip.Tick();
            TakeWhatWoke();
        }

        // Not under the gate: whoever looks at a replica may find its step free, and then runs it, with whatever waits for its answers.
        if (toRead is not null) ReadSlots(toRead);
        if (tick % RedialEveryTicks == 0 && !status.Cluster.IsNone) RedialLost();
        source.Tick();
        Watches.Tick();
        if (tick % LookForOwnersEveryTicks == 0) contested.Look(status.Shard, ownSlots, map, options.Logger);
    }

    /// <summary>An operator says that a node is gone for good: it is forgotten by all.</summary>
    public ForgetOutcome Forget(NodeId node)
    {
        lock (gate)
        {
            ForgetOutcome outcome = gossip.Forget(node);
            TakeWhatWoke();
            return outcome;
        }
    }

    /// <inheritdoc/>
    public void Met(Caller who)
    {
        if (!who.Cluster.IsNone && options.Status().Cluster.IsNone) stranger ??= new StrangerCall(who);
    }

    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Met(from);
        switch (kind)
        {
            case CallKind.GossipDigest or CallKind.GossipDelta:
                byte[]? said;
                lock (gate)
                {
                    said = gossip.Handle(from, kind, body.Span);
                    TakeWhatWoke();
                }

                if (said is not null) answer(said);
                break;
            case CallKind.FolderState:
                answer(new FolderAnswer(options.IsFolderEmpty(), options.Status().Cluster).Encode());
                break;
            case CallKind.Grant:
                grants.Handle(body, answer);
                break;
            case CallKind.ImportBegin or CallKind.ImportChunk or CallKind.ImportOwn or CallKind.ImportDrop:
                target.Handle(kind, body, answer);
                break;
            default:
                if (!Watches.TryHandle(kind, body, answer)) options.Requests.Handle(from, kind, body, answer);
                break;
        }
    }

    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned)
    {
        Met(from);
        options.Requests.Handle(from, kind, body, answer, abandoned);
    }

    private void Wake()
    {
        if (gate.IsHeldByCurrentThread)
        {
            hasWoken = true; // whoever holds the gate looks again before it leaves
            return;
        }

        lock (gate)
        {
            gossip.TakeResults();
            TakeWhatWoke();
        }
    }

    private void TakeWhatWoke()
    {
        while (hasWoken)
        {
            hasWoken = false;
            gossip.TakeResults();
        }

        ClusterView now = gossip.View;
        if (now.Number != mappedView)
        {
            (mappedView, view) = (now.Number, now);
            Remap();
        }

        awaitsOthers = gossip.AwaitsOthers; // after the map
    }

    private void Remap() => map = new SlotMap(view, learnt.Unknown(view));

    /// <summary>A slot's target confirmed that it owns it: known here before gossip tells.</summary>
    private void Learn(int slot, ShardId shard, ulong epoch)
    {
        lock (gate)
        {
            learnt.Add(slot, shard, epoch);
            Remap();
        }
    }

    private void BeginAnew(ReplicaStatus status)
    {
        (gossipsAs, publishedStatus, publishedSlots, ownSlots, isFoundingShard) = (status.Node, null, -1, [], false);
        gossip = options.Gossip(Describe(status), Wake);
    }

    /// <summary>Tells what changed here; the replica whose slots are to be read anew, or null.</summary>
    private Replica? Publish(ReplicaStatus status)
    {
        Replica? own = options.Replica();
        bool mayTellSlots = own is not null && status.AppliedIndex >= FoundingEntries
            && status.Role is ReplicaRole.Leader or ReplicaRole.Follower or ReplicaRole.Candidate;
        Replica? toRead = mayTellSlots && !isReadingSlots && own!.SlotsVersion != publishedSlots ? own : null;
        if (toRead is not null) isReadingSlots = true;
        if (ReferenceEquals(status, publishedStatus)) return toRead;
        publishedStatus = status;
        if (!mayTellSlots) (ownSlots, isFoundingShard, publishedSlots) = ([], false, -1);
        Tell(status);
        gossip.UpdateLoad(new LoadRecord(
            (ulong)status.KeyCount, (ulong)status.StoreBytes, status.CommitIndex, status.AppliedIndex, status.IsLeaderHeard && status.MayServe));
        return toRead;
    }

    private void Tell(ReplicaStatus status) => gossip.Update(Describe(status));

    private NodeRecord Describe(ReplicaStatus status) => new()
    {
        Node = status.Node,
        Cluster = status.Cluster,
        Shard = status.Shard,
        IsFoundingShard = isFoundingShard,
        ApiAddress = options.ApiAddress,
        RaftAddress = options.RaftAddress,
        ClusterAddress = options.ClusterAddress,
        Role = RoleOf(status.Role),
        Term = status.Term,
        Slots = ownSlots,
    };

    private void ReadSlots(Replica own)
    {
        long version = own.SlotsVersion;
        _ = ReadAsync();

        async Task ReadAsync()
        {
            try
            {
                (List<SlotRange> ranges, bool isFounding) = await own.InspectAsync(static store => (RangesOf(store), store.IsFounding)).ConfigureAwait(false);
                lock (gate)
                {
                    (ownSlots, isFoundingShard, publishedSlots, isReadingSlots) = (ranges, isFounding, version, false);
                    Tell(options.Status());
                    TakeWhatWoke();
                }
            }
            catch (OperationCanceledException)
            {
                lock (gate) isReadingSlots = false; // loading a snapshot, or ended: read at a later tick
            }
        }
    }

    private static List<SlotRange> RangesOf(KeyValueStore store)
    {
        var ranges = new List<SlotRange>();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            SlotState state = store.SlotAt(slot);
            bool isHanded = state.Phase == SlotPhase.Handed; // until the new owner tells of it, who asks for the slot is to ask here, and wait
            if (!state.IsServed && !isHanded) continue;
            ulong epoch = isHanded ? state.Epoch - 1 : state.Epoch;
            if (ranges.Count > 0 && ranges[^1] is { } last && last.Last == slot - 1 && last.Epoch == epoch) ranges[^1] = last with { Last = slot };
            else ranges.Add(new SlotRange(slot, slot, epoch));
        }

        return ranges;
    }

    /// <summary>Whoever lost its folder and is about to found a cluster of its own at a known address is told in time that there is one (design: Founding).</summary>
    private void RedialLost()
    {
        ClusterView known = view;
        IEnumerable<string> alive = known.Nodes.Where(node => node.IsAlive).Select(node => node.Record.ClusterAddress);
        IEnumerable<string> founders = known.Nodes.Where(node => node is { IsAlive: false, Record.IsFoundingShard: true }).Select(node => node.Record.ClusterAddress);
        foreach (string address in founders.Concat(options.Members).Except(alive).Where(address => address != options.ClusterAddress).Take(MaxRedialled))
            options.Calls.Call(address, default, CallKind.FolderState, default, ClusterTimes.Ask, static _ => { });
    }

    private static NodeRole RoleOf(ReplicaRole role) => role switch
    {
        ReplicaRole.Leader => NodeRole.Leader,
        ReplicaRole.Candidate => NodeRole.Candidate,
        ReplicaRole.Follower => NodeRole.Follower,
        ReplicaRole.Learner => NodeRole.Learner,
        _ => NodeRole.Outside,
    };

    private sealed record StrangerCall(Caller Caller);
}
