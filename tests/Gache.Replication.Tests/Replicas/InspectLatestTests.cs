using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>A look at the latest state is a linearizable read (P6): what was acknowledged before is seen, or nothing is.</summary>
public sealed class InspectLatestTests
{
    private static readonly ShardId Other = new(99);

    [Fact]
    public void A_leader_that_is_cut_off_looks_at_nothing()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        Assert.Equal(SlotPhase.Owned, room.Answered(Look(leader)).Seen);
        room.Loses = (from, to, _) => from == leader || to == leader;

        Task<Inspected<SlotPhase>> look = Look(leader);
        room.Tick(5);
        Assert.True(leader.Leads && !look.IsCompleted);

        Assert.True(room.Answered(look).Refusal?.Code is RefusalCode.NoLeader or RefusalCode.NotLeader or RefusalCode.NoQuorum);
    }

    [Fact]
    public void A_new_leader_looks_only_when_it_has_applied_what_the_one_before_it_acknowledged()
    {
        using Room room = Room.OfVoters(3);
        Seat old = room.Leader;
        ulong leaves = old.Core.LastIndex + 1;
        room.Loses = (from, _, message) => from == old && message is CoreMessage told && told.Message.Commit >= leaves; // nobody hears that it is committed
        Task<WriteAnswer> written = old.Replica.WriteAsync(new SlotsCommand(CommandKind.Leave, Other, false, SlotSet.Of(0, 9)).Encode()).AsTask();
        Assert.Null(room.Answered(written).Refusal);
        Assert.Equal(leaves, old.Core.CommitIndex);
        old.Kill();
        room.Loses = (_, _, message) => message is CoreMessage { Message.Kind: MessageKind.Append };
        room.Until("another leads", () => room.Seats.Exists(seat => seat.Leads));
        Seat next = room.Leader;

        Task<Inspected<SlotPhase>> latest = Look(next);
        room.Tick(5);
        Assert.Equal(SlotPhase.Owned, room.Answered(next.Replica.InspectAsync(store => store.PhaseOf(3)))); // what it must not be answered from
        Assert.True(next.Leads && !latest.IsCompleted);

        room.Loses = (_, _, _) => false;
        Assert.Equal(new Inspected<SlotPhase>(SlotPhase.Leaving, null), room.Answered(latest));
    }

    [Fact]
    public void A_follower_names_the_leader()
    {
        using Room room = Room.OfVoters(3);
        Refusal? refusal = room.Answered(Look(room.Seats.First(seat => !seat.Leads))).Refusal;
        Assert.Equal((RefusalCode.NotLeader, room.Leader.ApiAddress), (refusal?.Code, refusal?.LeaderApi));
    }

    private static Task<Inspected<SlotPhase>> Look(Seat seat) => seat.Replica.InspectLatestAsync(store => store.PhaseOf(3));
}
