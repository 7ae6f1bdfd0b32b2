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

    /// <summary>A queue that is never empty must not count from when it began.</summary>
    [Fact]
    public void In_a_backlog_each_batch_counts_from_its_own_oldest_write()
    {
        const int Batch = 8;
        using var room = new Room();
        Seat only = room.AddSeat();
        only.Options = Room.ReplicaSizes with { MaxBatchEntries = Batch };
        only.Found();
        room.Until("it leads", () => only.Leads && only.Core.HasCommittedInTerm);
        StageTimes stages = only.Replica.Stages;
        (long Count, TimeSpan Sum) before = (stages.Queue.Count, stages.Queue.Sum);

        only.HoldsLog = true;
        List<Task<WriteAnswer>> writes = [Write(room, "first")]; // goes at once, and keeps the others waiting
        for (int n = 0; n < 2 * Batch; n++) writes.Add(Write(room, $"early{n}"));
        room.Tick(5);
        for (int n = 0; n < Batch; n++) writes.Add(Write(room, $"late{n}"));
        only.HoldsLog = false;
        room.Settle();

        foreach (Task<WriteAnswer> write in writes) Assert.Null(room.Answered(write).Refusal);
        Assert.Equal((4, ReplicaOptions.Tick * 5 * 2), (stages.Queue.Count - before.Count, stages.Queue.Sum - before.Sum)); // two batches waited, two did not
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
