using CsCheck;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>What is let in is carried out in time, however slow the disk; what would not be is refused at once (P10).</summary>
public sealed class QueueBoundTests
{
    private const int Least = 8;
    private const int Most = 64;
    private const int Batch = 4;
    private const int TicksOfSync = 50; // half a second: eight writes a second

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_pace_that_keeps_within_the_time_leaves_it_at_the_highest()
    {
        var bound = new QueueBound(Least, Most, Longest);
        for (int i = 0; i < 10; i++) bound.Proposed(Batch, Most - Batch, Longest * Batch / Most);
        Assert.Equal(Most, bound.Requests);
    }

    [Fact]
    public void It_is_what_the_pace_takes_up_in_time()
    {
        var bound = new QueueBound(Least, Most, Longest);
        bound.Proposed(Batch, 60, 100 * Longest); // nobody waited before: that time says nothing
        Assert.Equal(Most, bound.Requests);
        for (int i = 0; i < 40; i++) bound.Proposed(Batch, 60, Longest / 5);
        Assert.InRange(bound.Requests, (5 * Batch) - 1, 5 * Batch);
        bound.Proposed(Batch, 60, 100 * Longest);
        Assert.Equal(Least, bound.Requests);
        for (int i = 0; i < 40; i++) bound.Proposed(Batch, 60, Longest / 5);
        Assert.InRange(bound.Requests, (5 * Batch) - 1, 5 * Batch); // the one that hung is forgotten
    }

    [Fact]
    public void It_rises_by_what_is_proposed_while_nobody_waits_for_it()
    {
        var bound = new QueueBound(Least, Most, Longest);
        for (int i = 0; i < 5; i++) bound.Proposed(Batch, i < 4 ? 60 : 0, 10 * Longest);
        Assert.Equal(Least, bound.Requests);
        bound.Proposed(Batch, 0, 10 * Longest);
        Assert.Equal(Least + Batch, bound.Requests);
        bound.Proposed(Batch, 1, 10 * Longest);
        bound.Forget();
        bound.Proposed(Batch, 1, 10 * Longest);
        Assert.Equal(Least + (3 * Batch), bound.Requests);
    }

    [Fact]
    public void It_stays_between_its_ends_whatever_is_told() =>
        Gen.Select(Gen.Int[0, 5_000], Gen.Int[0, 5_000], Gen.Double[0, 1e6]).List[1, 50].Sample(batches =>
        {
            var bound = new QueueBound(Least, Most, Longest);
            foreach ((int taken, int left, double seconds) in batches)
            {
                bound.Proposed(taken, left, TimeSpan.FromSeconds(seconds));
                Assert.InRange(bound.Requests, Least, Most);
            }
        });

    [Fact]
    public void On_a_slow_disk_no_write_that_is_let_in_waits_for_nothing_and_on_a_quick_one_all_are_let_in_again()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Leader;
        only.Options = Room.ReplicaSizes with { MaxBatchEntries = Batch, MaxQueuedRequests = Most, LeastQueuedRequests = Least };
        only.Kill();
        only.Start();
        room.Until("it leads", () => only.Leads && only.Core.HasCommittedInTerm);

        bool isSlow = true;
        var letIn = new List<(int Round, Task<WriteAnswer> Answer)>();
        int refused = 0;
        only.HoldsLog = true;
        for (int round = 0; round < 60; round++)
        {
            while (TryWrite(only) is { } answer) letIn.Add((round, WithOneSync(answer)));
            Assert.True(only.Replica.IsFull);
            refused++;
            room.Tick(TicksOfSync);
            only.HoldsLog = false; // until the first of a batch is answered
            room.Settle();
            only.HoldsLog = true;
        }

        isSlow = false;
        only.HoldsLog = false;
        room.Settle();
        Assert.Equal(60, refused);
        Assert.All(letIn, one => Assert.True(one.Answer.IsCompleted));
        Assert.Contains(letIn, one => one.Answer.Result.Refusal?.Code == RefusalCode.DeadlineInQueue); // let in before the pace was known
        Assert.All(letIn.Where(one => one.Round > 12), one => Assert.Null(one.Answer.Result.Refusal));
        Assert.InRange(letIn.Count(one => one.Round > 12), 46 * Batch, 48 * Batch); // no batch was smaller for it

        for (int round = 0; round < Most; round++) room.Write("quick");
        only.HoldsLog = true;
        Assert.Equal(Most, Enumerable.Range(0, 2 * Most).Count(_ => TryWrite(only) is not null));

        Task<WriteAnswer> WithOneSync(Task<WriteAnswer> answer)
        {
            _ = answer.ContinueWith(_ => only.HoldsLog |= isSlow, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return answer;
        }
    }

    private static Task<WriteAnswer>? TryWrite(Seat seat)
    {
        Task<WriteAnswer> answer = seat.Replica.WriteAsync(Command.EncodeSet("k"u8, "v"u8)).AsTask();
        return answer.IsCompleted && ReferenceEquals(answer.Result.Refusal, Refusal.QueueIsFull) ? null : answer;
    }
}
