using Gache.Primitives;
using Gache.Replication;

namespace Gache.Cluster;

/// <summary>What a node's watches are made of. Everything that touches the world is handed in.</summary>
public sealed record WatchesOptions
{
    /// <summary>The node's present picture of itself and its shard.</summary>
    public required Func<ReplicaStatus> Status { get; init; }

    /// <summary>The node's replica; null while it belongs to no shard.</summary>
    public required Func<Replica?> Replica { get; init; }

    /// <summary>The way to other nodes; null for a node whose cluster is its shard.</summary>
    public ICalls? Calls { get; init; }

    /// <summary>Where the slots are, as far as is known; null likewise.</summary>
    public Func<SlotMap>? Map { get; init; }

    /// <summary>What gossip tells; null likewise.</summary>
    public Func<ClusterView>? View { get; init; }

    /// <summary>What all watchers have in flight together, in bytes.</summary>
    public long MaxInFlightBytes { get; init; } = WatchBounds.MaxInFlightBytesOfAll;

    /// <summary>Runs something soon, outside of whatever is going on.</summary>
    public Action<Action> Run { get; init; } = static run => ThreadPool.UnsafeQueueUserWorkItem(static r => r(), run, preferLocal: false);
}

/// <summary>Why a watch did not begin.</summary>
public enum WatchRefusal
{
    /// <summary>It did.</summary>
    None,

    /// <summary>As many watch here as may.</summary>
    TooMany,

    /// <summary>The cursor is none, or of another watch or cluster.</summary>
    CursorMalformed,

    /// <summary>What follows the cursor is in no history any more.</summary>
    Compacted,

    /// <summary>Those who answered do not have what follows the cursor, and one that may have it does not answer, or may come back.</summary>
    HistoryUnreachable,

    /// <summary>The replica refused to tell its latest state: <see cref="WatchStart.Refusal"/>.</summary>
    Refused,

    /// <summary>Some slot is served by nobody at this moment, or by a shard of which no leader answers.</summary>
    NoPlace,

    /// <summary>The node stops.</summary>
    ShuttingDown,
}

/// <summary>How a watch began.</summary>
/// <param name="Watcher">To be run; null if it did not begin.</param>
/// <param name="Why">Why not.</param>
/// <param name="Refusal">What the replica said.</param>
public sealed record WatchStart(Watcher? Watcher, WatchRefusal Why = WatchRefusal.None, Refusal? Refusal = null);

/// <summary>All watches of a node, over all shards; and what other nodes' watches ask of the replica here.</summary>
/// <remarks>Driven by <see cref="Tick"/>, by calls and by what the replica applies; the same code under virtual time.</remarks>
public sealed class Watches(WatchesOptions options)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ShardId, ShardFeed> feeds = [];
    private readonly List<Waiting> waiting = []; // other nodes, for news
    private readonly List<TaskCompletionSource> nextTick = [];
    private readonly Dictionary<NodeId, long> missedSince = []; // by ticks: nodes that gossip says are away
    private ChangeHistory? listenedTo;
    private ulong lookedAtView;
    private long ticks;
    private long behindSince; // by ticks: since when the replica here does not follow its shard; 0: it does
    private int readsElsewhere;
    private volatile bool isStopping;

    /// <summary>How many watch here.</summary>
    public int Count => Index.Count;

    internal long Ticks => Volatile.Read(ref ticks);

    internal bool IsStopping => isStopping;

    internal WatcherIndex Index { get; } = new();

    /// <summary>Room for what is on its way to all of them.</summary>
    internal WatchRoom Room { get; } = new(options.MaxInFlightBytes);

    /// <summary>Whether this node may not know yet who else there is.</summary>
    internal bool HasJustBegun => options.Calls is not null && Ticks < WatchBounds.InTicks(WatchBounds.Begin);

    internal ICalls? Calls => options.Calls;

    /// <summary>Whether it may be said here that a history is gone: who cannot ask the others knows it only of what it leads itself.</summary>
    internal bool MayJudge => options.Calls is not null || options.Status().Role == ReplicaRole.Leader;

    /// <summary>The cluster: of the shard here, or, of a node that only routes or is still starting, as gossip tells; none before that.</summary>
    internal ClusterId Cluster => options.Status().Cluster is { IsNone: false } own ? own : options.View?.Invoke().Cluster ?? default;

    /// <summary>Begins a watch.</summary>
    /// <param name="filter">What is watched.</param>
    /// <param name="cursor">Where an earlier watch of the same ended; null: now, at a point that all acknowledged before lies before (P6).</param>
    public async Task<WatchStart> BeginAsync(WatchFilter filter, string? cursor)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (isStopping) return new WatchStart(null, WatchRefusal.ShuttingDown);
        if (Index.Count >= WatchBounds.MaxWatchers) return new WatchStart(null, WatchRefusal.TooMany);
        List<SlotPlace> places;
        if (cursor is null)
        {
            (List<SlotPlace>? found, Refusal? refusal) = await LookForPointAsync(filter).ConfigureAwait(false);
            if (found is null) return new WatchStart(null, refusal is null ? WatchRefusal.NoPlace : WatchRefusal.Refused, refusal);
            places = found;
        }
        else if (Cluster.IsNone) return new WatchStart(null, WatchRefusal.NoPlace); // just started: whose cursor it is cannot be told yet
        else if (!WatchCursor.TryParse(cursor, Cluster, filter, out places)) return new WatchStart(null, WatchRefusal.CursorMalformed);
        else if (!await LeadsOrCanAskAsync().ConfigureAwait(false)) return new WatchStart(null, WatchRefusal.NoPlace);

        var watcher = new Watcher(this, filter, places);
        if (!Index.TryAdd(watcher, WatchBounds.MaxWatchers)) return new WatchStart(null, WatchRefusal.TooMany);
        lock (gate) Listen();
        SearchEnd probe = cursor is null ? SearchEnd.GoesOn : await watcher.ProbeAsync().ConfigureAwait(false);
        if (probe != SearchEnd.GoesOn)
        {
            watcher.Dispose();
            return new WatchStart(null, probe == SearchEnd.Lost ? WatchRefusal.Compacted : WatchRefusal.HistoryUnreachable);
        }

        if (isStopping) watcher.Close(WatchEnd.ShuttingDown); // it may not have been met by the stop
        return new WatchStart(watcher);
    }

    /// <summary>A cursor from which on a watch of these keys misses nothing that is acknowledged from now on.</summary>
    /// <returns>The cursor, or why there is none now: the replica's refusal, or neither where a slot has no shard that answers.</returns>
    public async Task<(string? Cursor, Refusal? Refusal)> PointAsync(WatchFilter filter)
    {
        (List<SlotPlace>? places, Refusal? refusal) = await LookForPointAsync(filter).ConfigureAwait(false);
        return (places is null ? null : WatchCursor.Encode(Cluster, places), refusal);
    }

    /// <summary>Time passed: to be called every <see cref="ClusterTimes.Tick"/>, by one thread at a time.</summary>
    public void Tick()
    {
        Volatile.Write(ref ticks, ticks + 1);
        LookWhoIsAway();
        LookAtTheReplica();
        ShardFeed[] all;
        lock (gate)
        {
            Listen();
            all = [.. feeds.Values];
        }

        TellTheTick();
        foreach (ShardFeed feed in all) feed.Tick();
        AnswerWaiting();
        if (Index.Count == 0) return;
        bool looks = Ticks % WatchBounds.LookEveryTicks == 0;
        Watcher[] watchers = Index.All();
        foreach (Watcher watcher in watchers)
        {
            watcher.Tick();
            if (looks) watcher.Look(Ticks);
        }

        if (Room.WaitingSince is { } since && Ticks - since > WatchBounds.InTicks(WatchBounds.InTheWay)) CutOffTheSlowest(watchers);
    }

    /// <summary>Ends all watches, each with its cursor; none begins any more.</summary>
    public void Stop()
    {
        isStopping = true;
        TellTheTick(); // perhaps the last one
        foreach (Watcher watcher in Index.All()) watcher.Close(WatchEnd.ShuttingDown);
    }

    /// <summary>Takes what other nodes ask for their watches.</summary>
    /// <returns>False if it is something else.</returns>
    internal bool TryHandle(CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        switch (kind)
        {
            case CallKind.WatchPoint:
                _ = AnswerPointAsync(body, answer);
                return true;
            case CallKind.WatchRead:
                Run(() => AnswerRead(body, answer)); // whoever brings a question has other nodes' requests to bring
                return true;
            case CallKind.WatchNews:
                Run(() => AnswerNews(body, answer));
                return true;
            default:
                return false;
        }
    }

    internal void Run(Action action) => options.Run(action);

    /// <summary>Goes on elsewhere: a thread that tells of an answer or of a step is a writer's, or has other nodes' requests to bring.</summary>
    internal Task ElsewhereAsync()
    {
        var there = new TaskCompletionSource();
        Run(there.SetResult);
        return there.Task;
    }

    /// <summary>Goes on with the next tick.</summary>
    internal Task NextTickAsync()
    {
        var tick = new TaskCompletionSource();
        lock (gate) nextTick.Add(tick);
        return tick.Task;
    }

    /// <summary>The history of a shard if its replica is here.</summary>
    internal ChangeHistory? HistoryOf(ShardId shard) => options.Replica() is { } replica && replica.Status.Shard == shard ? replica.History : null;

    /// <summary>The same, unless the replica has not followed its shard for long: what others wait for does not come here.</summary>
    internal ChangeHistory? FollowingHistoryOf(ShardId shard)
    {
        long since = Volatile.Read(ref behindSince);
        return since == 0 || Ticks - since < WatchBounds.InTicks(WatchBounds.Behind) ? HistoryOf(shard) : null;
    }

    internal ClusterPeer? LeaderOf(ShardId shard) => options.Map?.Invoke().LeaderOf(shard);

    /// <summary>All shards' feeds, those first that are said to own these places.</summary>
    internal List<ShardFeed> FeedsFor(IEnumerable<SlotPlace> places)
    {
        var order = new List<ShardId>();
        SlotMap? map = options.Map?.Invoke();
        if (map is not null)
        {
            foreach (SlotPlace place in places)
            {
                for (int slot = place.First; slot <= place.Last; slot++)
                {
                    if (map.OwnerOf(slot).Shard is { IsNone: false } owner && (order.Count == 0 || (order[^1] != owner && !order.Contains(owner)))) order.Add(owner);
                }
            }
        }

        ShardId own = options.Status().Shard;
        foreach (ShardId shard in (IEnumerable<ShardId>)[own, .. map?.Shards ?? []])
        {
            if (!shard.IsNone && !order.Contains(shard)) order.Add(shard);
        }

        lock (gate)
        {
            var found = new List<ShardFeed>(order.Count);
            foreach (ShardId shard in order)
            {
                if (!feeds.TryGetValue(shard, out ShardFeed? feed)) feeds.Add(shard, feed = new ShardFeed(shard, this));
                found.Add(feed);
            }

            Listen();
            return found;
        }
    }

    /// <summary>Reads a shard's changes where they can be had soonest: here, at its leader, at its other members.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="filter">What is wanted.</param>
    /// <param name="places">What is known already.</param>
    /// <param name="maxBytes">How much is wanted; 0: only whether it could be had.</param>
    /// <returns>Null if nobody answers now.</returns>
    internal async Task<HistoryAnswer?> ReadAsync(ShardId shard, WatchFilter filter, List<SlotPlace> places, int maxBytes)
    {
        HistoryAnswer? best = null;
        if (FollowingHistoryOf(shard) is { } here)
        {
            best = Read(here, filter, places, maxBytes);
            if (IsEnough(best)) return best;
        }

        foreach (ClusterPeer peer in MembersOf(shard).Alive)
        {
            if (await ReadAtAsync(shard, peer, filter, places, maxBytes).ConfigureAwait(false) is not { } answer) continue;
            if (IsEnough(answer)) return answer;
            if (best is null || answer.Pieces.Any(IsLost)) best = answer;
        }

        return best ?? ReadHere(shard, filter, places, maxBytes); // a replica that is behind has the past
    }

    /// <summary>Reads the changes that the history here has; null if there is none.</summary>
    internal HistoryAnswer? ReadHere(ShardId shard, WatchFilter filter, List<SlotPlace> places, int maxBytes) =>
        HistoryOf(shard) is { } history ? Read(history, filter, places, maxBytes) : null;

    /// <summary>Reads the changes that another member's history has; null if it does not answer now.</summary>
    internal async Task<HistoryAnswer?> ReadAtAsync(ShardId shard, ClusterPeer peer, WatchFilter filter, List<SlotPlace> places, int maxBytes)
    {
        if (options.Calls is not { } calls || Volatile.Read(ref readsElsewhere) >= WatchBounds.MaxReadsElsewhere) return null;
        Interlocked.Increment(ref readsElsewhere);
        CallResult result = await calls.CallAsync(
            peer.ClusterAddress, peer.Node, CallKind.WatchRead, WatchWire.AskRead(shard, filter, places, maxBytes), WatchBounds.Call).ConfigureAwait(false);
        Interlocked.Decrement(ref readsElsewhere);
        await ElsewhereAsync().ConfigureAwait(false);
        return WatchWire.ReadOf(result);
    }

    /// <summary>Whose histories of a shard there may be, as far as is known here.</summary>
    internal ShardMembers MembersOf(ShardId shard)
    {
        ReplicaStatus status = options.Status();
        ClusterView? view = options.View?.Invoke();
        var alive = new List<ClusterPeer>();
        bool isAnyMissed = false;
        if (LeaderOf(shard) is { } leader && leader.Node != status.Node) alive.Add(leader);
        foreach (NodeView node in view?.Nodes ?? [])
        {
            if (node.Record.Shard == shard) Add(node);
        }

        // What gossip has not told yet the shard's own configuration may.
        foreach (MemberStatus member in status.Shard == shard && view is not null ? status.Members : [])
        {
            if (view!.Find(member.Node) is { } known) Add(known);
            else isAnyMissed |= member.Node != status.Node && Ticks <= WatchBounds.InTicks(WatchBounds.Missed); // later it is one that gossip has forgotten
        }

        return new ShardMembers(HistoryOf(shard) is not null, alive, isAnyMissed);

        void Add(NodeView node)
        {
            if (node.Record.Node == status.Node || alive.Exists(known => known.Node == node.Record.Node)) return;
            if (node.IsAlive) alive.Add(new ClusterPeer(node.Record.Node, node.Record.ApiAddress, node.Record.ClusterAddress));
            else isAnyMissed |= IsMissed(node.Record.Node);
        }
    }

    private static bool IsEnough(HistoryAnswer answer) => answer.Pieces.Any(piece => piece.IsRead) || !answer.Pieces.Any(piece => piece.Fate == PieceFate.Compacted);

    private static bool IsLost(HistoryPiece piece) => piece.Fate is PieceFate.Compacted or PieceFate.Passed;

    private static HistoryAnswer Read(ChangeHistory history, WatchFilter filter, List<SlotPlace> places, int maxBytes) =>
        maxBytes == 0 ? HistoryReader.Probe(history, places) : HistoryReader.Read(history, filter, places, maxBytes);

    private bool IsMissed(NodeId node)
    {
        lock (gate) return Ticks - missedSince.GetValueOrDefault(node, Ticks) <= WatchBounds.InTicks(WatchBounds.Missed);
    }

    /// <summary>Notes since when nodes are away.</summary>
    private void LookWhoIsAway()
    {
        if (options.View?.Invoke() is not { } view || view.Number == lookedAtView) return;
        lookedAtView = view.Number;
        lock (gate)
        {
            foreach (NodeView node in view.Nodes)
            {
                if (node.IsAlive) missedSince.Remove(node.Record.Node);
                else missedSince.TryAdd(node.Record.Node, Ticks);
            }

            foreach (NodeId forgotten in missedSince.Keys.Where(node => view.Find(node) is null).ToArray()) missedSince.Remove(forgotten);
        }
    }

    /// <summary>Notes whether the replica here follows its shard: hears a leader, and has applied what was committed a second ago.</summary>
    private void LookAtTheReplica()
    {
        ReplicaStatus status = options.Status();
        bool follows = status.IsLeaderHeard && !(status.AppliedIndex < status.ShardCommitIndexSecondAgo);
        if (follows) Volatile.Write(ref behindSince, 0);
        else if (behindSince == 0) Volatile.Write(ref behindSince, Ticks);
    }

    /// <summary>One at a time, as others find room then: it has the id of the last event that it took.</summary>
    private void CutOffTheSlowest(Watcher[] watchers)
    {
        (Watcher? slowest, long since) = (null, Ticks - WatchBounds.InTicks(WatchBounds.InTheWay));
        foreach (Watcher watcher in watchers)
        {
            if (watcher.InTheWaySince is > 0 and long began && began < since) (slowest, since) = (watcher, began);
        }

        slowest?.CutOff();
    }

    private void TellTheTick()
    {
        TaskCompletionSource[] told;
        lock (gate)
        {
            told = [.. nextTick];
            nextTick.Clear();
        }

        foreach (TaskCompletionSource one in told) Run(one.SetResult); // whoever ticks has more to do
    }

    /// <summary>Waits a moment for a leader, where the leader alone tells what became of a cursor.</summary>
    /// <returns>False if it is another, who is to be asked, or none.</returns>
    private async Task<bool> LeadsOrCanAskAsync()
    {
        long until = Ticks + WatchBounds.InTicks(WatchBounds.Doubt);
        while (!MayJudge)
        {
            if (Ticks >= until || isStopping || options.Status().IsLeaderHeard) return false;
            await NextTickAsync().ConfigureAwait(false);
        }

        return true;
    }

    private async Task<(List<SlotPlace>? Places, Refusal? Refusal)> LookForPointAsync(WatchFilter filter)
    {
        long until = Ticks + WatchBounds.InTicks(WatchBounds.Begin);
        var found = new SortedDictionary<int, SlotPlace>(); // by first slot
        while (true)
        {
            foreach (ShardFeed feed in FeedsFor(Missing(filter, found)))
            {
                (List<SlotPlace>? places, Refusal? refusal) = await PointOfAsync(feed.Shard, filter).ConfigureAwait(false);
                if (options.Calls is null && refusal is not null) return (null, refusal);
                foreach (SlotPlace place in places ?? []) Add(filter, found, place);
                if (!Missing(filter, found).Any()) return ([.. found.Values], null);
            }

            if (Ticks >= until || isStopping) return (null, null);
            await NextTickAsync().ConfigureAwait(false);
        }
    }

    private static IEnumerable<SlotPlace> Missing(WatchFilter filter, SortedDictionary<int, SlotPlace> found)
    {
        int next = filter.FirstSlot;
        foreach (SlotPlace place in found.Values)
        {
            if (place.First > next) yield return new SlotPlace(next, place.First - 1, 0, 0);
            next = place.Last + 1;
        }

        if (next <= filter.LastSlot) yield return new SlotPlace(next, filter.LastSlot, 0, 0);
    }

    /// <summary>Adds what is new of a place.</summary>
    private static void Add(WatchFilter filter, SortedDictionary<int, SlotPlace> found, SlotPlace place)
    {
        foreach (SlotPlace gap in Missing(filter, found).ToArray())
        {
            (int first, int last) = (Math.Max(gap.First, place.First), Math.Min(gap.Last, place.Last));
            if (first <= last) found.Add(first, place with { First = first, Last = last });
        }
    }

    private async Task<(List<SlotPlace>? Places, Refusal? Refusal)> PointOfAsync(ShardId shard, WatchFilter filter)
    {
        Refusal? refusal = null;
        if (options.Replica() is { } own && own.Status.Shard == shard && (options.Calls is null || own.Status.Role == ReplicaRole.Leader))
        {
            (List<SlotPlace>? places, refusal) = await PointHereAsync(own, filter.FirstSlot, filter.LastSlot).ConfigureAwait(false);
            await ElsewhereAsync().ConfigureAwait(false); // whoever ran the step has a write of its own to answer
            if (places is not null) return (places, null);
        }

        if (options.Calls is not { } calls || LeaderOf(shard) is not { } leader || leader.Node == options.Status().Node) return (null, refusal);
        CallResult result = await calls.CallAsync(
            leader.ClusterAddress, leader.Node, CallKind.WatchPoint, WatchWire.AskPoint(shard, filter.FirstSlot, filter.LastSlot), WatchBounds.Call).ConfigureAwait(false);
        await ElsewhereAsync().ConfigureAwait(false);
        return (WatchWire.PointOf(result), refusal);
    }

    private static async Task<(List<SlotPlace>? Places, Refusal? Refusal)> PointHereAsync(Replica own, int first, int last)
    {
        Inspected<(ulong Revision, Coverage Coverage)> seen = await own.InspectLatestAsync(store => (store.Revision, own.History.Coverage), continuesInline: true).ConfigureAwait(false);
        if (seen.Refusal is { } refusal) return (null, refusal);
        var places = new List<SlotPlace>();
        foreach (OpenRun run in seen.Seen.Coverage.Open)
        {
            (int from, int to) = (Math.Max(first, run.First), Math.Min(last, run.Last));
            if (from <= to) places.Add(new SlotPlace(from, to, run.Epoch, seen.Seen.Revision));
        }

        return (places, null);
    }

    private async Task AnswerPointAsync(ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        List<SlotPlace>? places = null;
        if (WatchWire.TryReadPoint(body.Span, out ShardId shard, out int first, out int last) && options.Replica() is { } own && own.Status.Shard == shard)
            (places, _) = await PointHereAsync(own, first, last).ConfigureAwait(false);
        answer(places is null ? WatchWire.NotNowAnswer : WatchWire.AnswerPoint(places));
    }

    private void AnswerRead(ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer) =>
        answer(WatchWire.TryReadRead(body.Span, out ShardId shard, out WatchFilter filter, out List<SlotPlace> places, out int maxBytes)
            && ReadHere(shard, filter, places, maxBytes) is { } read ? WatchWire.AnswerRead(read) : WatchWire.NotNowAnswer);

    private void AnswerNews(ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        if (!WatchWire.TryReadNews(body.Span, out ShardId shard, out HistoryId known, out long offset) || FollowingHistoryOf(shard) is not { } history)
        {
            answer(WatchWire.NotNowAnswer);
            return;
        }

        HistoryNews news;
        lock (gate)
        {
            news = HistoryNews.After(history, known, offset);
            if (IsNothing(news) && waiting.Count < WatchBounds.MaxWaiting)
            {
                waiting.Add(new Waiting(shard, known, offset, Ticks + WatchBounds.InTicks(WatchBounds.LongPoll), answer));
                Listen();
                return;
            }
        }

        answer(WatchWire.AnswerNews(news));
    }

    private static bool IsNothing(HistoryNews news) => news.Keys.IsEmpty && !news.IsAnything;

    /// <summary>Answers the nodes that wait for news of which there is some, or that have waited for long enough.</summary>
    private void AnswerWaiting()
    {
        List<(Action<ReadOnlyMemory<byte>> Answer, byte[] News)>? ready = null;
        lock (gate)
        {
            for (int i = waiting.Count - 1; i >= 0; i--)
            {
                Waiting one = waiting[i];
                HistoryNews? news = FollowingHistoryOf(one.Shard) is { } history ? HistoryNews.After(history, one.Known, one.Offset) : null;
                if (news is not null && IsNothing(news) && Ticks < one.UntilTick) continue;
                waiting.RemoveAt(i);
                (ready ??= []).Add((one.Answer, news is null ? WatchWire.NotNowAnswer : WatchWire.AnswerNews(news)));
            }
        }

        foreach ((Action<ReadOnlyMemory<byte>> answer, byte[] news) in ready ?? []) answer(news);
    }

    /// <summary>Has the replica here tell what it applies, while anybody wants to know; the gate is held.</summary>
    private void Listen()
    {
        ChangeHistory? history = waiting.Count > 0 || Index.Count > 0 ? options.Replica()?.History : null;
        if (history == listenedTo) return;
        if (listenedTo is { } before) before.Listener = null;
        if (history is not null) history.Listener = HistoryGrew;
        listenedTo = history;
    }

    private void HistoryGrew()
    {
        ShardFeed[] all;
        lock (gate) all = [.. feeds.Values];
        foreach (ShardFeed feed in all) feed.Pump();
        AnswerWaiting();
    }

    /// <summary>Another node that waits for news.</summary>
    private readonly record struct Waiting(ShardId Shard, HistoryId Known, long Offset, long UntilTick, Action<ReadOnlyMemory<byte>> Answer);
}
