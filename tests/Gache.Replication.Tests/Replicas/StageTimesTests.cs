using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>The stages of a write are measured once a batch, and a stage that does not end is seen while it lasts.</summary>
public sealed class StageTimesTests
{
    [Fact]
    public void Writes_that_go_together_are_measured_once_in_every_stage()
    {
        using Room room = Room.OfVoters(3);
        StageTimes stages = room.Leader.Replica.Stages;
        (long Queue, long Replicate, long Answer, long Write) before = CountsOf(stages);
        room.Leader.HoldsLog = true;
        Task<WriteAnswer>[] first = [Write(room, "a")];
        Task<WriteAnswer>[] rest = [Write(room, "b"), Write(room, "c"), Write(room, "d")]; // wait for the first one's sync
        room.Tick(3);
        Assert.True(stages.ReplicatingFor >= ReplicaOptions.Tick * 2);

        room.Leader.HoldsLog = false;
        foreach (Task<WriteAnswer> write in first.Concat(rest)) Assert.Null(room.Answered(write).Refusal);

        (long Queue, long Replicate, long Answer, long Write) after = CountsOf(stages);
        Assert.Equal((2, 2), (after.Queue - before.Queue, after.Replicate - before.Replicate));
        Assert.InRange(after.Answer - before.Answer, 1, 2);
        Assert.Equal(after.Answer - before.Answer, after.Write - before.Write);
        Assert.True(stages.Queue.LongestSince(0) >= ReplicaOptions.Tick * 2, "the second batch waited for the first one's sync");
        Assert.True(stages.Write.LongestSince(0) >= stages.Queue.LongestSince(0));
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (stages.QueuedFor, stages.ReplicatingFor));
    }

    [Fact]
    public void What_no_majority_takes_is_seen_to_be_replicating_and_is_forgotten_with_the_leadership()
    {
        using Room room = Room.OfVoters(3);
        Seat leader = room.Leader;
        room.Loses = (from, to, _) => from == leader || to == leader;
        Task<WriteAnswer> write = Write(room, "a");
        room.Tick(5);
        Assert.True(leader.Replica.Stages.ReplicatingFor >= ReplicaOptions.Tick * 4);

        Assert.NotNull(room.Answered(write).Refusal);
        room.Until("it does not lead any more", () => !leader.Leads);
        Assert.Equal(TimeSpan.Zero, leader.Replica.Stages.ReplicatingFor);
    }

    [Fact]
    public void A_follower_applies_and_neither_queues_nor_answers()
    {
        using Room room = Room.OfVoters(3);
        StageTimes stages = room.Seats.First(seat => !seat.Leads).Replica.Stages;
        (long Queue, long Replicate, long Answer, long Write) before = CountsOf(stages);
        long applied = stages.Apply.Count;
        room.Write("a");
        room.Tick(20);
        Assert.Equal(before, CountsOf(stages));
        Assert.True(stages.Apply.Count > applied);
    }

    private static Task<WriteAnswer> Write(Room room, string key) =>
        room.Leader.Replica.WriteAsync(Command.EncodeSet(System.Text.Encoding.UTF8.GetBytes(key), new byte[8])).AsTask();

    private static (long Queue, long Replicate, long Answer, long Write) CountsOf(StageTimes stages) =>
        (stages.Queue.Count, stages.Replicate.Count, stages.Answer.Count, stages.Write.Count);
}
