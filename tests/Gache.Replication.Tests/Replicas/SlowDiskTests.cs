using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>A leader's heartbeats need no disk, so nobody else notices that its own hangs: after a second it hands over by itself (design: Raft core).</summary>
public sealed class SlowDiskTests
{
    private const int SlowTicks = 100; // one second

    [Fact]
    public void A_leader_whose_sync_runs_for_a_second_hands_over_and_the_shard_goes_on()
    {
        using Room room = Room.OfVoters(3);
        Seat slow = room.Leader;
        slow.HoldsLog = true;
        Write(slow);

        room.Tick(SlowTicks - 1);
        Assert.True(slow.Leads, "a sync that takes less than a second is no reason");

        room.Until("another leads", () => !slow.Leads && room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm), withinTicks: 20);
        room.Write("goes on");
    }

    [Fact]
    public void A_leader_that_syncs_without_a_pause_but_each_time_in_less_than_a_second_keeps_leading()
    {
        using Room room = Room.OfVoters(3);
        Seat busy = room.Leader;
        for (int round = 0; round < 4; round++)
        {
            busy.HoldsLog = true;
            Write(busy);
            room.Tick(SlowTicks - 10);
            Assert.True(busy.Leads && busy.Core.IsWriting, $"round {round}");
            busy.HoldsLog = false;
            room.Settle(); // done; the next one begins before the next tick
        }

        Assert.True(busy.Leads);
    }

    [Fact]
    public void A_follower_whose_disk_hangs_changes_nothing_for_the_leader()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        Seat slow = room.Seats.First(seat => seat != leader);
        slow.HoldsLog = true;
        room.Write("before");
        room.Tick(3 * SlowTicks);

        Assert.True(leader.Leads);
        room.Write("after");
    }

    /// <summary>Alone there is nobody to hand over to; what waits is answered when the disk is back.</summary>
    [Fact]
    public void A_lone_leader_waits_for_its_disk()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Leader;
        only.HoldsLog = true;
        Task<WriteAnswer> held = Write(only);
        room.Tick(3 * SlowTicks);
        Assert.True(only.Leads);

        only.HoldsLog = false;
        Assert.Null(room.Answered(held, withinTicks: 10).Refusal);
    }

    private static Task<WriteAnswer> Write(Seat seat) => seat.Replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8)).AsTask();
}
