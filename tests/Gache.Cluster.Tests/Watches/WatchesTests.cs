using Gache.Replication;
using Xunit;

namespace Gache.Cluster.Tests.Watches;

/// <summary>Which member a watch reads, when it may be said that a history is gone, and what watches cost others.</summary>
public sealed class WatchesTests
{
    private const long SmallMemory = 4 << 20; // a history of an eighth of it

    private const int Filling = 120; // of 6 kB

    private readonly WatchedShard shard = new();

    /// <summary>The history of a member that is away or slow is as good as any.</summary>
    [Fact]
    public void A_history_is_gone_only_when_every_member_that_may_have_it_has_said_so()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add(maxStoreBytes: SmallMemory);
        WatchingNode follower = shard.Add();
        string cursor = LoseHistory(router, leader, follower);

        follower.Answers = false;
        Assert.Equal(WatchRefusal.HistoryUnreachable, router.Begin(cursor).Why);
        follower.Answers = true;
        Listener goesOn = router.Watch(cursor);
        Assert.Equal(Filling, goesOn.Told.Count);

        (follower.Answers, follower.IsAlive) = (false, false);
        shard.Tell();
        Assert.Equal(WatchRefusal.HistoryUnreachable, router.Begin(cursor).Why);
        shard.Pass(WatchBounds.Missed);
        Assert.Equal(WatchRefusal.Compacted, router.Begin(cursor).Why);

        (follower.Answers, follower.IsAlive) = (true, true); // it was cut off for that long
        shard.Tell();
        Assert.Equal(Filling, router.Watch(cursor).Told.Count);
    }

    [Fact]
    public void All_members_that_are_there_have_said_it()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add(maxStoreBytes: SmallMemory);
        WatchingNode follower = shard.Add(maxStoreBytes: SmallMemory);
        string cursor = LoseHistory(router, leader, follower);
        Assert.Equal(WatchRefusal.Compacted, router.Begin(cursor).Why);
        Assert.Equal(WatchRefusal.Compacted, leader.Begin(cursor).Why);
    }

    /// <summary>Gossip may not have told of the others yet.</summary>
    [Fact]
    public void A_node_that_has_just_begun_does_not_say_that_a_history_is_gone()
    {
        WatchingNode leader = shard.Add(maxStoreBytes: SmallMemory);
        leader.Leads = true;
        shard.Tell();
        string cursor = leader.Watch().Cursor;
        Fill(leader);
        Assert.Equal(WatchRefusal.HistoryUnreachable, leader.Begin(cursor).Why);
        shard.Pass(WatchBounds.Begin);
        Assert.Equal(WatchRefusal.Compacted, leader.Begin(cursor).Why);
    }

    [Fact]
    public void A_watch_does_not_wait_for_a_replica_here_that_stands_still()
    {
        WatchingNode cutOff = shard.Add();
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener listener = cutOff.Watch();
        shard.Write("a", "1", cutOff, leader);
        Assert.Equal(["a"], listener.Told);

        cutOff.Follows = false;
        shard.Write("b", "1", leader);
        shard.Pass(WatchBounds.Behind + TimeSpan.FromSeconds(1));
        Assert.Equal(["a", "b"], listener.Told);

        shard.Write("c", "1", leader);
        shard.Pass(TimeSpan.FromMilliseconds(500));
        Assert.Equal(["a", "b", "c"], listener.Told);

        shard.Write("b", "1", cutOff);
        shard.Write("c", "1", cutOff);
        cutOff.Follows = true;
        shard.Pass(TimeSpan.FromSeconds(1));
        shard.Write("d", "1", cutOff, leader);
        shard.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["a", "b", "c", "d"], listener.Told);
        Assert.Null(listener.Why);
    }

    [Fact]
    public void A_watch_that_hears_nothing_of_a_shard_ends_with_its_cursor()
    {
        WatchingNode cutOff = shard.Add();
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener listener = cutOff.Watch();
        shard.Write("a", "1", cutOff, leader);

        cutOff.Follows = false;
        (leader.IsAlive, leader.Answers) = (false, false); // as it seems here
        shard.Tell();
        shard.Write("b", "1", leader);
        shard.Pass(TimeSpan.FromSeconds(20));
        Assert.Null(listener.Why);
        shard.Pass(WatchBounds.Unheard - TimeSpan.FromSeconds(15));
        Assert.Equal(WatchEnd.Unheard, listener.Why);
        Assert.Equal(["a"], listener.Told);
        Assert.Equal(["b"], leader.Watch(listener.Cursor).Told);
    }

    /// <summary>It has never come to rest, so no news was ever waited for.</summary>
    [Fact]
    public void A_watch_that_nobody_answers_ends_with_its_cursor_before_it_came_to_the_end_of_a_history()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener before = router.Watch();
        before.Watcher!.GiveUp();
        Fill(leader);
        shard.Pass(TimeSpan.FromSeconds(1));
        Listener listener = router.Watch(new Listener { Pieces = 1 }, before.Cursor);
        (leader.IsAlive, leader.Answers) = (false, false);
        shard.Tell();
        listener.TakePiece();
        shard.Pass(TimeSpan.FromSeconds(20));
        Assert.Null(listener.Why);
        shard.Pass(WatchBounds.Unheard - TimeSpan.FromSeconds(15));
        Assert.Equal(WatchEnd.Unheard, listener.Why);
        Assert.InRange(listener.Told.Count, 1, Filling - 1);
    }

    /// <summary>One that has fallen behind has less than others may have.</summary>
    [Fact]
    public void A_node_that_can_ask_nobody_says_that_a_history_is_gone_only_while_it_leads()
    {
        WatchingNode node = shard.Add(maxStoreBytes: SmallMemory, hasClusterPort: false);
        node.Leads = true;
        string cursor = node.Watch().Cursor;
        Listener running = node.Watch(new Listener { Pieces = 1 });
        Fill(node);
        (node.Leads, node.Follows) = (false, false);
        Assert.Equal(WatchRefusal.NoPlace, node.Begin(cursor).Why);
        running.TakePiece();
        running.Pieces = 0;
        shard.Pass(WatchBounds.Unheard / 2);
        Assert.Null(running.Why);
        shard.Pass(WatchBounds.Unheard);
        Assert.Equal(WatchEnd.Unheard, running.Why);

        node.Leads = true;
        Assert.Equal(WatchRefusal.Compacted, node.Begin(cursor).Why);
    }

    [Fact]
    public void A_node_that_can_ask_nobody_waits_a_moment_for_leading_itself()
    {
        WatchingNode node = shard.Add(hasClusterPort: false);
        node.Leads = true;
        string cursor = node.Watch().Cursor;
        (node.Leads, node.Follows) = (false, false);
        Task<WatchStart> begins = node.Watches.BeginAsync(WatchFilter.OfPrefix([]), cursor);
        shard.Pass(WatchBounds.Doubt / 2);
        Assert.False(begins.IsCompleted);
        node.Leads = true;
        Assert.Equal(WatchRefusal.None, shard.Result(begins).Why);
    }

    [Fact]
    public void Nobody_is_asked_for_news_of_a_shard_that_no_watch_needs()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        ShardFeed feed = Assert.Single(router.Watches.FeedsFor([]));
        using var gone = new Watcher(router.Watches, WatchFilter.OfPrefix([]), []);
        Assert.Equal(RestAnswer.Behind, feed.TryRest(gone, default, 0));
        shard.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(0, router.AskedForNews);
    }

    [Fact]
    public void A_watch_is_not_ended_while_its_shard_is_merely_quiet()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener far = router.Watch();
        Listener near = leader.Watch();
        shard.Pass(WatchBounds.Unheard * 3);
        Assert.Null(far.Why);
        Assert.Null(near.Why);
    }

    /// <summary>P10: what is in flight to all watchers together is bounded; the slowest give way, and nobody loses anything.</summary>
    [Fact]
    public void What_is_on_its_way_to_all_watchers_is_bounded_and_the_slowest_give_way()
    {
        const long Bound = 64 * 1024;
        WatchingNode leader = shard.Add(maxInFlightBytes: Bound);
        leader.Leads = true;
        shard.Tell();
        Listener[] slow = [.. Enumerable.Range(0, 20).Select(_ => leader.Watch(isSlow: true))];
        Listener[] fast = [.. Enumerable.Range(0, 5).Select(_ => leader.Watch())];
        long most = 0;
        for (int i = 0; i < 40; i++)
        {
            shard.Write($"k{i}", new string('v', 6_000), leader);
            most = Math.Max(most, leader.Watches.Room.Held);
        }

        shard.Until("all who take were told all", () =>
        {
            most = Math.Max(most, leader.Watches.Room.Held);
            return fast.All(listener => listener.Told.Count == 40);
        });
        Assert.InRange(most, 1, Bound);
        Assert.Contains(slow, listener => listener.IsAborted);
        Assert.All(fast, listener => Assert.Equal(Enumerable.Range(0, 40).Select(i => $"k{i}"), listener.Told));
        Assert.All(fast, listener => Assert.False(listener.IsAborted));

        // Whoever takes nothing at all goes, and leaves nothing behind.
        shard.Until("the rest has gone", () => slow.All(listener => listener.End!.IsCompleted));
        Assert.Equal(0, leader.Watches.Room.Held);
        Assert.Equal(5, leader.Watches.Count);
    }

    [Fact]
    public void A_slow_client_keeps_its_watch_while_there_is_room_for_all()
    {
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener slow = leader.Watch(isSlow: true);
        Listener fast = leader.Watch();
        shard.Write("k", "v", leader);
        shard.Pass(WatchBounds.Stalled - TimeSpan.FromSeconds(1));
        Assert.False(slow.IsAborted);
        Assert.Equal(["k"], fast.Told);
        shard.Pass(TimeSpan.FromSeconds(2));
        Assert.True(slow.IsAborted);
    }

    /// <summary>Whoever runs the step has a write of its own to answer, and whoever brings calls has those of others to bring.</summary>
    [Fact]
    public void Nothing_of_watches_is_done_by_those_who_write_or_bring_calls()
    {
        WatchingNode router = shard.Add(hasReplica: false);
        WatchingNode leader = shard.Add();
        leader.Leads = true;
        shard.Tell();
        Listener far = router.Watch();
        Listener near = leader.Watch();
        Task<WatchStart> begins = leader.Watches.BeginAsync(WatchFilter.OfPrefix([]), null);
        leader.Work(); // confirmed by the step, and no more than that
        Assert.False(begins.IsCompleted);

        leader.Apply(Store.Command.EncodeSet("k"u8, "v"u8));
        Assert.Empty(near.Told);
        bool isAnswered = false;
        Assert.True(leader.Watches.TryHandle(
            CallKind.WatchRead, WatchWire.AskRead(leader.Status.Shard, WatchFilter.OfPrefix([]), [new SlotPlace(0, 16_383, 1, 0)], 1), _ => isAnswered = true));
        Assert.False(isAnswered);

        shard.Settle();
        Assert.True(isAnswered);
        Assert.True(begins.IsCompleted);
        shard.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["k"], near.Told);
        Assert.Equal(["k"], far.Told);
    }

    private static void Fill(WatchingNode node)
    {
        for (int i = 0; i < Filling; i++) node.Apply(Store.Command.EncodeSet("k"u8, new byte[6_000]));
    }

    /// <summary>A cursor that a history of little memory does not reach back to.</summary>
    private string LoseHistory(WatchingNode router, params WatchingNode[] members)
    {
        members[0].Leads = true;
        shard.Tell();
        string cursor = router.Watch().Cursor;
        foreach (WatchingNode member in members) Fill(member);
        shard.Pass(WatchBounds.Begin + TimeSpan.FromSeconds(1));
        return cursor;
    }
}
