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
        QueueBound bound = NewBound();
        for (int i = 0; i < 10; i++) bound.Committed(Batch, Batch, true, Longest * Batch / Most);
        Assert.Equal((Most, (long)Most), (bound.Requests, bound.Bytes));
    }

    [Fact]
    public void It_is_what_the_pace_carries_out_in_time_in_requests_and_in_bytes()
    {
        QueueBound bound = NewBound();
        bound.Committed(Batch, Batch, true, 100 * Longest); // nothing was under way before: that time says nothing
        Assert.Equal(Most, bound.Requests);
        for (int i = 0; i < 40; i++) bound.Committed(Batch, 2 * Batch, true, Longest / 5);
        Assert.InRange(bound.Requests, (5 * Batch) - 1, 5 * Batch);
        Assert.InRange(bound.Bytes, (10 * Batch) - 1, 10 * Batch);
        for (int i = 0; i < 4; i++) bound.Committed(1, 1, true, 100 * Longest);
        Assert.Equal((Least, (long)Least), (bound.Requests, bound.Bytes));
        for (int i = 0; i < 40; i++) bound.Committed(Batch, Batch, true, Longest / 5);
        Assert.InRange(bound.Requests, (5 * Batch) - 1, 5 * Batch); // those that hung are forgotten
    }

    [Fact]
    public void It_rises_by_what_is_committed_while_nothing_else_is_under_way()
    {
        QueueBound bound = NewBound();
        for (int i = 0; i < 5; i++) bound.Committed(Batch, Batch, i < 4, 10 * Longest);
        Assert.Equal(Least, bound.Requests);
        bound.Committed(Batch, 2 * Batch, false, 10 * Longest);
        Assert.Equal((Least + Batch, (long)Least + (2 * Batch)), (bound.Requests, bound.Bytes));
        bound.Committed(Batch, Batch, true, 10 * Longest);
        bound.Rest();
        bound.Committed(Batch, Batch, true, 10 * Longest);
        bound.Forget();
        bound.Committed(Batch, Batch, true, 10 * Longest);
        Assert.Equal(Least + (4 * Batch), bound.Requests);
    }

    [Fact]
    public void Nothing_is_let_in_while_nothing_comes_of_what_was()
    {
        QueueBound bound = NewBound();
        bound.Look(Longest);
        Assert.Equal(Most, bound.Requests);
        bound.Look(Longest + TimeSpan.FromTicks(1));
        Assert.Equal(0, bound.Requests);
        bound.Committed(Batch, Batch, false, Longest);
        Assert.Equal(Most, bound.Requests);
        bound.Look(2 * Longest);
        bound.Forget();
        Assert.Equal(Most, bound.Requests);
    }

    [Fact]
    public void It_stays_between_its_ends_whatever_is_told() =>
        Gen.Select(Gen.Int[0, 5_000], Gen.Long[0, 1 << 20], Gen.Bool, Gen.Double[0, 1e6]).List[1, 50].Sample(batches =>
        {
            QueueBound bound = NewBound();
            foreach ((int count, long size, bool isAnyLeft, double seconds) in batches)
            {
                bound.Committed(count, size, isAnyLeft, TimeSpan.FromSeconds(seconds));
                Assert.InRange(bound.Requests, Least, Most);
                Assert.InRange(bound.Bytes, Least, Most);
            }
        });

    /// <summary>A few large values on a slow disk are as much as many small ones.</summary>
    [Fact]
    public void On_a_slow_disk_large_values_are_let_in_by_their_bytes()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Leader;
        only.Options = Room.ReplicaSizes with { MaxBatchEntries = Most, MaxBatchBytes = 4 * 1_024, MaxQueuedRequests = Most, LeastQueuedRequests = Most, MaxQueuedBytes = 1 << 20 };
        only.Kill();
        only.Start();
        room.Until("it leads", () => only.Leads && only.Core.HasCommittedInTerm);

        var letIn = new List<Task<WriteAnswer>>();
        only.HoldsLog = true;
        for (int round = 0; round < 40; round++)
        {
            while (TryWrite(only, new byte[1_024]) is { } answer) letIn.Add(answer.ContinueWith(
                done =>
                {
                    only.HoldsLog = true;
                    return done.Result;
                }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
            room.Tick(2 * TicksOfSync); // a batch of four values a second
            only.HoldsLog = false;
            room.Settle();
            only.HoldsLog = true;
        }

        Task<WriteAnswer>[] late = [.. letIn.Skip(letIn.Count / 2).Where(answer => answer.IsCompleted)];
        Assert.True(late.Length > 10, $"{late.Length} of {letIn.Count}");
        Assert.All(late, answer => Assert.Null(answer.Result.Refusal)); // else all but the first would be too late
    }

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

    private static QueueBound NewBound() => new((Least, Most), (Least, Most), Longest);

    private static Task<WriteAnswer>? TryWrite(Seat seat, byte[]? value = null)
    {
        Task<WriteAnswer> answer = seat.Replica.WriteAsync(Command.EncodeSet("k"u8, value ?? [1])).AsTask();
        return answer.IsCompleted && ReferenceEquals(answer.Result.Refusal, Refusal.QueueIsFull) ? null : answer;
    }
}
