using Gache.Store;
using Xunit;

namespace Gache.Cluster.Tests.Watches;

/// <summary>Who gets the room that all watchers of a node share, and who has to give way (P10).</summary>
public sealed class SharedRoomTests
{
    private const long OneAtATime = WatchBounds.MaxInFlightBytes;

    private static readonly TimeSpan HalfASecond = TimeSpan.FromMilliseconds(500);

    private readonly WatchedShard shard = new();

    /// <summary>Else nobody would get a large change over a slow link, however often they come again.</summary>
    [Fact]
    public void A_slow_client_that_takes_piece_after_piece_gets_all_of_it_while_others_wait()
    {
        WatchingNode leader = Leader(OneAtATime);
        Listener[] steady = [.. Enumerable.Range(0, 3).Select(_ => leader.Watch(new Listener { Pieces = 10 }))];
        shard.Write("large", new string('v', 6_000), leader);
        for (int i = 0; i < 40; i++)
        {
            shard.Pass(HalfASecond);
            foreach (Listener listener in steady) listener.TakePiece();
            shard.Settle();
        }

        Assert.All(steady, listener => Assert.Equal(["large"], listener.Told));
        Assert.All(steady, listener => Assert.False(listener.IsAborted));
    }

    [Fact]
    public void A_client_that_takes_a_piece_and_then_nothing_gives_way()
    {
        WatchingNode leader = Leader(OneAtATime);
        Listener stops = leader.Watch(new Listener { Pieces = 10 });
        Listener waits = leader.Watch();
        shard.Write("k", "v", leader);
        stops.TakePiece();
        shard.Pass(WatchBounds.InTheWay * 2);
        Assert.True(stops.IsAborted);
        Assert.Equal(["k"], waits.Told);
    }

    [Fact]
    public void Nobody_gives_way_for_a_client_that_has_left_the_queue()
    {
        WatchingNode leader = Leader(OneAtATime);
        Listener holds = leader.Watch(isSlow: true);
        Listener leaves = leader.Watch();
        shard.Write("k", "v", leader);
        Assert.Empty(leaves.Told);
        leaves.Watcher!.GiveUp();
        shard.Pass(WatchBounds.InTheWay * 3);
        Assert.True(leaves.End!.IsCompleted);
        Assert.False(holds.IsAborted);
    }

    /// <summary>It would be cut off, and the one that waits would wait as before.</summary>
    [Fact]
    public void Only_a_client_for_which_room_is_held_gives_way()
    {
        WatchingNode leader = Leader(OneAtATime);
        Listener without = leader.Watch(new Listener { IsStuckAtProgress = true });
        shard.Pass(WatchBounds.Progress + TimeSpan.FromSeconds(1));
        Listener holds = leader.Watch(isSlow: true);
        Listener waits = leader.Watch();
        shard.Write("k", "v", leader);
        shard.Pass(WatchBounds.InTheWay * 2);
        Assert.Equal(["k"], waits.Told);
        Assert.True(holds.IsAborted);
        Assert.False(without.IsAborted);
    }

    [Fact]
    public void A_client_is_cut_off_once()
    {
        WatchingNode leader = Leader(OneAtATime);
        Listener stuck = leader.Watch(new Listener { IsSlow = true, KeepsSending = true });
        leader.Watch();
        shard.Write("k", "v", leader);
        shard.Pass(WatchBounds.Stalled * 3);
        Assert.Equal(1, stuck.Aborts);
    }

    /// <summary>Room is given for one read: if another one took it the first would wait until its history is gone.</summary>
    [Fact]
    public void A_busy_shard_does_not_keep_another_busy_one_from_being_read_where_room_is_scarce()
    {
        const int Each = 60;
        const int Half = Slot.Count / 2;
        WatchingNode router = shard.Add(hasReplica: false, maxInFlightBytes: OneAtATime);
        WatchingNode low = shard.Add(own: (0, Half - 1));
        WatchingNode high = shard.Add(own: (Half, Slot.Count - 1));
        (low.Leads, high.Leads) = (true, true);
        shard.Tell();
        Listener[] steady = [.. Enumerable.Range(0, 3).Select(_ => router.Watch(new Listener { Pieces = 1 }))];
        string[] keys = [.. Enumerable.Range(0, 1_000).Select(i => $"k{i}")];
        string[] ofLow = [.. keys.Where(IsLow).Take(Each)];
        string[] ofHigh = [.. keys.Where(key => !IsLow(key)).Take(Each)];
        for (int i = 0; i < Each; i++)
        {
            shard.Write(ofLow[i], new string('v', 6_000), low);
            shard.Write(ofHigh[i], new string('v', 6_000), high);
        }

        int most = 0;
        while (steady.Any(listener => listener.Told.Count < Each * 2))
        {
            shard.Pass(ClusterTimes.Tick);
            foreach (Listener listener in steady)
            {
                listener.TakePiece();
                most = Math.Max(most, Math.Abs(listener.Told.Count(IsLow) - listener.Told.Count(key => !IsLow(key))));
            }

            shard.Settle();
            Assert.All(steady, listener => Assert.False(listener.End!.IsCompleted));
        }

        Assert.InRange(most, 0, Each / 2);

        static bool IsLow(string key) => Slot.Of(System.Text.Encoding.UTF8.GetBytes(key)) < Half;
    }

    private WatchingNode Leader(long maxInFlightBytes)
    {
        WatchingNode leader = shard.Add(maxInFlightBytes: maxInFlightBytes);
        leader.Leads = true;
        shard.Tell();
        return leader;
    }
}
