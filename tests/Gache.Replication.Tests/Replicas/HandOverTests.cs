using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>SIGTERM: leadership goes at once, what was proposed commits first, and what comes later is sent to the next leader.</summary>
public sealed class HandOverTests
{
    [Fact]
    public void What_was_proposed_commits_first_and_what_comes_later_is_sent_to_the_next_leader()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        Task<WriteAnswer> before = Write(leader);

        Task handedOver = leader.Replica.HandOverAsync(withinTicks: 100);
        Task<WriteAnswer> after = Write(leader);
        room.Until("it has handed over", () => handedOver.IsCompleted && before.IsCompleted && after.IsCompleted, withinTicks: 20);

        Assert.Null(room.Answered(before).Refusal);
        Refusal? refusal = room.Answered(after).Refusal;
        Assert.Equal((RefusalCode.NotLeader, room.Leader.ApiAddress), (refusal?.Code, refusal?.LeaderApi));
        Assert.NotSame(leader, room.Leader);
        room.Write("goes on");
    }

    [Fact]
    public void Leadership_that_comes_back_is_handed_over_again()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        leader.Replica.HandOverAsync(withinTicks: 100);
        room.Until("another leads", () => !leader.Leads && room.Seats.Exists(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Seat next = room.Leader;

        next.Replica.Post(() => next.Core.TransferLeadership(leader.Node));
        room.Until("it came back", () => leader.Leads);
        room.Until("it went again", () => !leader.Leads && room.Seats.Exists(seat => seat.Leads), withinTicks: 100);
    }

    [Fact]
    public void A_leader_whom_nobody_can_follow_goes_on_until_it_stops()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Leader;

        Task handedOver = only.Replica.HandOverAsync(withinTicks: 100);

        Assert.Null(room.Answered(Write(only), withinTicks: 10).Refusal);
        Assert.True(handedOver.IsCompleted);
    }

    private static Task<WriteAnswer> Write(Seat seat) => seat.Replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8)).AsTask();
}
