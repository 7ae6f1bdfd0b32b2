using Gache.Primitives;
using Gache.Replication;

namespace Gache.Cluster;

/// <summary>Whether a watcher may rest until it is woken.</summary>
internal enum RestAnswer
{
    /// <summary>It is told of the next change that it must look at.</summary>
    Granted,

    /// <summary>More came meanwhile.</summary>
    Behind,

    /// <summary>It read another replica's history than the one that news comes from.</summary>
    OtherHistory,
}

/// <summary>News of one shard's changes for all watchers of this node: from the replica here, or asked for once at the shard's leader.</summary>
/// <remarks>
/// It only wakes: what a watcher tells its client it reads itself, after its own place. So nothing is missed or doubled whatever happens to news;
/// the worst is to be woken for nothing.
/// </remarks>
internal sealed class ShardFeed(ShardId shard, Watches owner)
{
    private readonly Lock gate = new();
    private readonly HashSet<Watcher> found = []; // reused
    private HistoryId id;
    private long offset;
    private ulong top;   // of what was told
    private ulong aged;
    private bool isActive;
    private int attached;
    private ChangeHistory? local;
    private bool isPumping;
    private bool pumpsAgain;
    private long asked; // the question under way; 0: none
    private long questions;
    private NodeId askedNode;
    private int asksThisTick;
    private long heardAt = long.MaxValue; // by ticks: when a replica that follows the shard was here, or answered; nobody rests: never yet

    public ShardId Shard => shard;

    /// <summary>Who stands before this revision should go on soon.</summary>
    public ulong Aged => Volatile.Read(ref aged);

    /// <summary>Whether watchers rest here and nothing can wake them: for so long nobody has told what the shard does.</summary>
    public bool IsUnheard => owner.Ticks - Volatile.Read(ref heardAt) > WatchBounds.InTicks(WatchBounds.Unheard);

    public void Attach()
    {
        lock (gate) attached++;
    }

    public void Detach()
    {
        lock (gate)
        {
            if (--attached > 0) return;
            (isActive, asked, local) = (false, 0, null);
            Volatile.Write(ref heardAt, long.MaxValue);
        }
    }

    /// <summary>A watcher has read all up to here.</summary>
    public RestAnswer TryRest(Watcher watcher, HistoryId readId, long readOffset)
    {
        lock (gate)
        {
            if (attached == 0) return RestAnswer.Behind; // all its slots have gone on to other shards
            if (!isActive) Begin(readId, readOffset);
            else if (id != readId) return RestAnswer.OtherHistory;
            else if (readOffset < offset) return RestAnswer.Behind;
            watcher.Rest(this);
        }

        Listen();
        return RestAnswer.Granted;
    }

    /// <summary>A watcher that rests comes to where news has come to.</summary>
    public void BringForward(Watcher watcher, bool wakes)
    {
        lock (gate) watcher.Skip(this, top, wakes);
    }

    /// <summary>The replica here applied something.</summary>
    public void Pump()
    {
        lock (gate)
        {
            if (!isActive || local is null) return;
            pumpsAgain = true;
            if (isPumping) return;
            isPumping = true;
        }

        while (true)
        {
            ChangeHistory source;
            lock (gate)
            {
                if (!isActive || local is null || !pumpsAgain)
                {
                    isPumping = false;
                    return;
                }

                (source, pumpsAgain) = (local, false);
                HistoryNews news = HistoryNews.After(source, id, offset);
                pumpsAgain = news.IsMore;
                Tell(news);
            }
        }
    }

    public void Tick()
    {
        lock (gate)
        {
            asksThisTick = 0;
            if (!isActive) return;
            local = owner.FollowingHistoryOf(shard);
            if (local is not null) Volatile.Write(ref heardAt, owner.Ticks);
            if (asked != 0 && (local is not null || owner.LeaderOf(shard)?.Node != askedNode)) asked = 0; // its answer is not waited for
        }

        Listen();
    }

    private void Begin(HistoryId readId, long readOffset)
    {
        (id, offset, top, aged, isActive) = (readId, readOffset, 0, 0, true);
        Volatile.Write(ref heardAt, owner.Ticks);
    }

    private void Listen()
    {
        lock (gate)
        {
            if (!isActive) return;
            local ??= owner.FollowingHistoryOf(shard);
        }

        if (local is not null) Pump();
        else Ask();
    }

    private void Ask()
    {
        if (owner.LeaderOf(shard) is not { } leader || owner.Calls is not { } calls) return;
        long number;
        byte[] body;
        lock (gate)
        {
            if (!isActive || local is not null || asked != 0 || asksThisTick >= WatchBounds.PollsATick) return;
            (asked, askedNode) = (++questions, leader.Node);
            number = asked;
            asksThisTick++;
            body = WatchWire.AskNews(shard, id, offset);
        }

        // Whoever tells of the answer may have others to tell of theirs: thousands may be woken here.
        calls.Call(leader.ClusterAddress, leader.Node, CallKind.WatchNews, body, WatchBounds.LongPollCall, result => owner.Run(() => Take(number, result)));
    }

    private void Take(long number, in CallResult result)
    {
        lock (gate)
        {
            if (asked != number) return;
            asked = 0;
            if (!isActive || local is not null || WatchWire.NewsOf(result) is not { } news) return; // asked again with a tick
            Volatile.Write(ref heardAt, owner.Ticks);
            if (news.IsMore) asksThisTick--;
            Tell(news);
        }

        Ask();
    }

    /// <summary>Wakes whom it concerns; the gate is held, so that nobody goes to rest between the look and the telling.</summary>
    private void Tell(HistoryNews news)
    {
        found.Clear();
        if (news.IsAnything) found.UnionWith(owner.Index.All());
        for (ReadOnlySpan<byte> keys = news.Keys.Span; HistoryNews.TryTake(ref keys, out int slot, out ReadOnlySpan<byte> key);)
        {
            if (key.IsEmpty) owner.Index.Find(slot, found);
            else owner.Index.Find(key, found);
        }

        foreach (Watcher watcher in found) watcher.Skip(this, top, wakes: true);
        (id, offset, top) = (news.Id, news.Offset, news.Top);
        Volatile.Write(ref aged, news.Aged);
    }
}
