using System.Text;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>Requests that wait for a key or a revision (http-api: Waiting, Levels; P10, P11).</summary>
public sealed class WaitingTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_lock_goes_to_those_who_wait_in_the_order_of_their_arrival()
    {
        using Room room = Room.OfVoters(3);
        Assert.Equal(ApplyStatus.Done, room.Answered(Lock(room.Leader, "a")).Status);
        Task<WriteAnswer>[] waiting = [.. Enumerable.Range(0, 5).Select(i => Lock(room.Leader, $"b{i}"))];
        for (int i = 0; i < waiting.Length; i++)
        {
            room.Tick(20);
            Assert.All(waiting[i..], other => Assert.False(other.IsCompleted));
            Unlock(room);
            Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(waiting[i])));
            Assert.Equal($"b{i}", Value(room, "lock"));
        }
    }

    [Fact]
    public void Who_waits_gets_the_key_when_the_time_of_its_holder_is_over()
    {
        using Room room = Room.OfVoters(3);
        Assert.Equal(ApplyStatus.Done, room.Answered(Lock(room.Leader, "a", ttlMilliseconds: 2_000)).Status);
        Task<WriteAnswer> next = Lock(room.Leader, "b");
        room.Tick(150);
        Assert.False(next.IsCompleted);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(next, withinTicks: 100)));
    }

    [Fact]
    public void At_the_end_of_the_wait_the_condition_is_judged_once_more_and_that_is_the_answer()
    {
        using Room room = Room.OfVoters(3);
        WriteAnswer held = room.Answered(Lock(room.Leader, "a"));
        Task<WriteAnswer> next = Lock(room.Leader, "b", TimeSpan.FromSeconds(2));
        room.Tick(190);
        Assert.False(next.IsCompleted);
        WriteAnswer answer = room.Answered(next, withinTicks: 30);
        Assert.Equal((null, ApplyStatus.ConditionFailed, true, held.Revision), (answer.Refusal, answer.Status, answer.Existed, answer.Revision));
    }

    [Fact]
    public void While_the_condition_does_not_hold_nothing_is_proposed()
    {
        using Room room = Room.OfVoters(1);
        room.Answered(Lock(room.Leader, "a"));
        ulong last = room.Leader.Core.LastIndex;
        Task<WriteAnswer>[] waiting = [.. Enumerable.Range(0, 100).Select(i => Lock(room.Leader, $"b{i}"))];
        room.Tick(500);
        Assert.Equal(last, room.Leader.Core.LastIndex);
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
    }

    [Fact]
    public void A_condition_that_can_never_hold_keeps_nobody_behind_it_from_the_key()
    {
        using Room room = Room.OfVoters(1);
        room.Answered(Lock(room.Leader, "a"));
        Task<WriteAnswer> never = Write(room.Leader, "lock", "n", new Condition { AnyOf = new ulong[] { 1_000_000 } }, Minute);
        Task<WriteAnswer> next = Lock(room.Leader, "b");
        Unlock(room);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(next)));
        Assert.False(never.IsCompleted);
    }

    [Fact]
    public void All_whom_a_state_lets_in_get_in_one_after_the_other()
    {
        using Room room = Room.OfVoters(3);
        Task<WriteAnswer>[] waiting = [.. Enumerable.Range(0, 20).Select(i => Write(room.Leader, "there", $"v{i}", new Condition { MustExist = true }, Minute))];
        room.Tick(10);
        room.Write("there");
        WriteAnswer[] answers = room.Answered(Task.WhenAll(waiting));
        Assert.All(answers, answer => Assert.Equal((null, ApplyStatus.Done), Outcome(answer)));
        Assert.Equal(answers.Select(answer => answer.Revision).Order(), answers.Select(answer => answer.Revision));
    }

    [Fact]
    public void A_client_that_goes_gives_up_its_place()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        using var gone = new CancellationTokenSource();
        Task<WriteAnswer> lost = Lock(room.Leader, "b", gone: gone);
        Task<WriteAnswer> next = Lock(room.Leader, "c");
        room.Tick(5);
        gone.Cancel();
        room.Settle();
        Assert.NotNull(room.Answered(lost, withinTicks: 5).Refusal);
        Unlock(room);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(next)));
        Assert.Equal("c", Value(room, "lock"));
    }

    [Fact]
    public void Beyond_the_bound_nobody_else_waits_and_others_are_served()
    {
        using Room room = Room.OfVoters(1);
        Seat only = room.Leader;
        only.Options = Room.ReplicaSizes with { MaxWaitingRequests = 3, MaxQueuedRequests = 8 };
        only.Kill();
        only.Start();
        room.Until("it leads", () => only.Leads && only.Core.HasCommittedInTerm);
        room.Answered(Lock(only, "a"));
        for (int round = 0; round < 20; round++)
        {
            Task<WriteAnswer>[] waiting = [.. Enumerable.Range(0, 4).Select(i => Lock(only, $"b{i}", TimeSpan.FromMilliseconds(500)))];
            room.Settle();
            Assert.Equal(RefusalCode.Overloaded, room.Answered(waiting[3]).Refusal?.Code);
            room.Write("other");
            Assert.All(room.Answered(Task.WhenAll(waiting[..3])), answer => Assert.Equal((null, ApplyStatus.ConditionFailed), Outcome(answer)));
        }
    }

    [Fact]
    public void A_try_that_fails_is_not_kept_and_the_answer_at_the_end_is()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        Task<WriteAnswer> waiting = Lock(room.Leader, "b", idempotencyKey: "once");

        // The key is free for a moment, so that it is tried, and a command that stands before it in the log takes the key.
        room.Leader.HoldsLog = true;
        Task<WriteAnswer> freed = room.Leader.Replica.WriteAsync(Command.EncodeDelete("lock"u8)).AsTask();
        room.Tick(2);
        Task<WriteAnswer> taken = room.Leader.Replica.WriteAsync(Command.EncodeSet("lock"u8, "x"u8)).AsTask();
        room.Tick(2);
        ulong last = room.Leader.Core.LastIndex;
        room.Leader.HoldsLog = false;
        room.Answered(Task.WhenAll(freed, taken));
        room.Tick(5);
        Assert.Equal(last + 2, room.Leader.Core.LastIndex); // the one that took it, and the try
        Assert.False(waiting.IsCompleted);
        Unlock(room);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(waiting)));
        Assert.Equal(room.Answered(waiting), room.Answered(Lock(room.Leader, "b", idempotencyKey: "once"), withinTicks: 50)); // a repeat waits for nothing

        WriteAnswer declined = room.Answered(Lock(room.Leader, "c", TimeSpan.FromSeconds(1), idempotencyKey: "twice"));
        Assert.Equal(ApplyStatus.ConditionFailed, declined.Status);
        Unlock(room);
        Assert.Equal(declined, room.Answered(Lock(room.Leader, "c", TimeSpan.FromSeconds(1), idempotencyKey: "twice"), withinTicks: 50));
    }

    [Fact]
    public void A_repeat_beside_the_first_gets_its_answer_at_once()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        Task<WriteAnswer> first = Lock(room.Leader, "b", idempotencyKey: "once");
        Task<WriteAnswer> repeat = Lock(room.Leader, "b", idempotencyKey: "once");
        Task<WriteAnswer> other = Lock(room.Leader, "c", idempotencyKey: "another");
        room.Tick(5);
        Unlock(room);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(first)));
        Assert.Equal(room.Answered(first), room.Answered(repeat, withinTicks: 50));
        Assert.False(other.IsCompleted);
    }

    [Fact]
    public void A_repeat_at_the_next_leader_knows_that_it_holds_the_lock_already()
    {
        using Room room = Room.OfVoters(3);
        WriteAnswer first = room.Answered(Lock(room.Leader, "a", idempotencyKey: "mine"));
        Assert.Equal((null, ApplyStatus.Done), Outcome(first));
        room.Leader.Kill();
        room.Until("another leads", () => room.Seats.Any(seat => seat.Leads));
        Assert.Equal(first, room.Answered(Lock(room.Leader, "a", idempotencyKey: "mine"), withinTicks: 200));
    }

    [Fact]
    public void Those_who_wait_at_a_leader_that_is_deposed_are_sent_to_the_next_one_and_were_not_applied()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        Seat old = room.Leader;
        Task<WriteAnswer>[] waiting = [.. Enumerable.Range(0, 3).Select(i => Lock(old, $"b{i}"))];
        Task<ReadAnswer> read = Changed(old, "lock", RevisionOf(room, "lock"), Minute);
        room.Tick(5);
        room.Loses = (from, to, _) => from == old || to == old;
        room.Until("another leads", () => room.Seats.Any(seat => seat != old && seat.Leads && seat.Core.HasCommittedInTerm));
        room.Until("the old one knows", () => !old.Leads);
        room.Loses = (_, _, _) => false;
        foreach (WriteAnswer answer in room.Answered(Task.WhenAll(waiting))) Assert.True(answer.Refusal?.Code is RefusalCode.NotLeader or RefusalCode.NoLeader, $"{answer}");
        Assert.True(room.Answered(read).Refusal?.Code is RefusalCode.NotLeader or RefusalCode.NoLeader);
        Assert.Equal("a", Value(room, "lock"));
    }

    [Fact]
    public void A_try_stays_in_the_log_as_it_was_when_its_write_is_proposed_again_after_a_change_of_leaders()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        Seat old = room.Leader;
        Task<WriteAnswer> waiting = Lock(old, "b", TimeSpan.FromSeconds(3));

        // A try that fails: the key is free for a moment, and taken by a command that stands before the try.
        old.HoldsLog = true;
        Task<WriteAnswer> freed = old.Replica.WriteAsync(Command.EncodeDelete("lock"u8)).AsTask();
        room.Tick(2);
        Task<WriteAnswer> taken = old.Replica.WriteAsync(Command.EncodeSet("lock"u8, "x"u8)).AsTask();
        room.Tick(2);
        old.HoldsLog = false;
        room.Answered(Task.WhenAll(freed, taken));
        room.Tick(5);
        Assert.False(waiting.IsCompleted);

        // Leadership is lost just before the end of the wait, and comes back within the time for which a request waits for a leader.
        room.Tick(250);
        room.Loses = (from, to, _) => from == old || to == old;
        room.Until("it is deposed, or answers", () => !old.Leads || waiting.IsCompleted);
        room.Loses = (_, _, _) => false;
        room.Until("it is answered", () => waiting.IsCompleted);
        room.Until("all hold the same", () => room.Seats.Select(seat => (seat.Store.AppliedIndex, seat.Store.Checksum)).Distinct().Count() == 1);
        Assert.All(room.Seats, seat => Assert.Null(seat.End));
    }

    [Fact]
    public void A_leader_that_lost_what_it_had_not_committed_lets_those_in_who_wait_when_it_leads_again()
    {
        using Room room = Room.OfVoters(3);
        room.Answered(Lock(room.Leader, "a"));
        Seat old = room.Leader;
        room.Loses = (from, to, _) => from == old || to == old;
        foreach (int n in Enumerable.Range(0, 30)) _ = old.Replica.WriteAsync(Command.EncodeSet("lost"u8, [(byte)n])).AsTask();
        room.Until("another leads", () => room.Seats.Any(seat => seat != old && seat.Leads && seat.Core.HasCommittedInTerm));
        room.Loses = (_, _, _) => false;
        room.Until("the old one follows", () => !old.Leads && old.Core.IsLeaderHeard);
        for (int n = 0; !old.Leads; n++)
        {
            Assert.True(n < 20, "the old one never leads again");
            _ = room.Leader.Replica.TransferLeadershipAsync(old.Node);
            room.Tick(100);
        }

        Task<WriteAnswer> waiting = Lock(old, "b");
        room.Tick(5);
        Assert.Equal(1, Waiting(old));
        Unlock(room);
        Assert.Equal((null, ApplyStatus.Done), Outcome(room.Answered(waiting, withinTicks: 50)));
        Assert.Equal(0, Waiting(old));

        int Waiting(Seat seat)
        {
            room.Tick(20); // the picture is made anew every 100 ms
            return seat.Replica.Status.WaitingRequests;
        }
    }

    [Fact]
    public void A_node_that_stops_answers_those_who_wait()
    {
        using Room room = Room.OfVoters(1);
        room.Answered(Lock(room.Leader, "a"));
        Task<WriteAnswer> write = Lock(room.Leader, "b");
        Task<ReadAnswer> read = Changed(room.Leader, "lock", RevisionOf(room, "lock"), Minute);
        room.Tick(2);
        Task stopped = room.Leader.Replica.HandOverAsync(withinTicks: 100);
        room.Until("it has handed over", () => stopped.IsCompleted);
        Assert.Equal(RefusalCode.ShuttingDown, room.Answered(write, 5).Refusal?.Code);
        Assert.Equal(RefusalCode.ShuttingDown, room.Answered(read, 5).Refusal?.Code);
    }

    [Fact]
    public void A_read_waits_until_the_revision_differs_and_says_at_the_end_that_it_does_not()
    {
        using Room room = Room.OfVoters(3);
        room.Write("k");
        ulong revision = RevisionOf(room, "k");
        Task<ReadAnswer> changed = Changed(room.Leader, "k", revision, Minute);
        Task<ReadAnswer> inTime = Changed(room.Leader, "k", revision, TimeSpan.FromSeconds(1));
        room.Write("other");
        Assert.Equal(revision, room.Answered(inTime, withinTicks: 110).Revision);
        Assert.False(changed.IsCompleted);
        room.Write("k");
        ReadAnswer answer = room.Answered(changed);
        Assert.True(answer.IsFound && answer.Revision > revision);

        Task<ReadAnswer> deleted = Changed(room.Leader, "k", answer.Revision, Minute);
        room.Answered(room.Leader.Replica.WriteAsync(Command.EncodeDelete("k"u8)).AsTask());
        Assert.False(room.Answered(deleted).IsFound);
        Assert.False(room.Answered(Changed(room.Leader, "k", 5, Minute), 5).IsFound); // what is not there differs from every revision
    }

    [Fact]
    public void A_stale_read_waits_at_any_replica_also_where_the_leader_changes()
    {
        using Room room = Room.OfVoters(3);
        room.Write("k");
        ulong revision = RevisionOf(room, "k");
        Seat follower = room.Seats.First(seat => !seat.Leads);
        room.Until("it has the key", () => follower.Store.Revision >= revision);
        Task<ReadAnswer> read = Changed(follower, "k", revision, Minute, ReadLevel.Stale);
        room.Tick(5);
        Seat old = room.Leader;
        old.Kill();
        room.Until("another leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        Assert.False(read.IsCompleted);
        room.Write("k");
        Assert.True(room.Answered(read).Revision > revision);
    }

    [Fact]
    public void A_replica_answers_once_it_has_reached_the_revision_or_says_that_it_has_not()
    {
        using Room room = Room.OfVoters(3);
        room.Write("k");
        Seat follower = room.Seats.First(seat => !seat.Leads);
        room.Until("it has the key", () => follower.Store.Revision > 0);
        room.Loses = (from, to, _) => to == follower;
        room.Write("k");
        ulong revision = RevisionOf(room, "k");
        Task<ReadAnswer> own = follower.Replica.ReadAsync("k"u8.ToArray(), new ReadTerms { Level = ReadLevel.Stale, MinRevision = revision }, TestContext.Current.CancellationToken).AsTask();
        room.Tick(5);
        Assert.False(own.IsCompleted);
        room.Loses = (_, _, _) => false;
        Assert.Equal(revision, room.Answered(own).Revision);

        Task<ReadAnswer> never = follower.Replica.ReadAsync("k"u8.ToArray(), new ReadTerms { Level = ReadLevel.Stale, MinRevision = revision + 100 }, TestContext.Current.CancellationToken).AsTask();
        room.Tick(400);
        Assert.False(never.IsCompleted);
        Assert.Equal(RefusalCode.RevisionNotReached, room.Answered(never, withinTicks: 120).Refusal?.Code);
    }

    [Fact]
    public void Tries_and_ends_of_many_that_wait_leave_nothing_behind_and_every_replica_holds_the_same()
    {
        using Room room = Room.OfVoters(3);
        foreach (Seat seat in room.Seats) seat.Options = Room.ReplicaSizes with { MaxQueuedRequests = 16, MaxWaitingRequests = 16 };
        foreach (Seat seat in room.Seats.ToList())
        {
            seat.Kill();
            seat.Start();
        }

        room.Until("one leads", () => room.Seats.Any(seat => seat.Leads && seat.Core.HasCommittedInTerm));
        var random = new Random(5);
        var held = new List<Task<WriteAnswer>>();
        for (int i = 0; i < 400; i++)
        {
            using var gone = new CancellationTokenSource();
            Task<WriteAnswer> asked = Lock(
                room.Leader, $"{i}", TimeSpan.FromMilliseconds(random.Next(1, 300)), random.Next(2) == 0 ? $"n{i / 2}" : null, (ulong)random.Next(10, 400), gone);
            if (random.Next(4) == 0) gone.Cancel();
            held.Add(asked);
            room.Tick(random.Next(4));
            if (random.Next(3) == 0) Unlock(room);
        }

        room.Answered(Task.WhenAll(held));
        room.Tick(300);
        Assert.Equal(0, room.Leader.Replica.Status.QueuedRequests);
        for (int i = 0; i < 16; i++) room.Write($"k{i}"); // the bounds count nobody who has gone
        Task<WriteAnswer>[] full = [.. Enumerable.Range(0, 16).Select(i => Write(room.Leader, "x", "v", new Condition { MustExist = true }, TimeSpan.FromSeconds(1)))];
        Assert.All(room.Answered(Task.WhenAll(full)), answer => Assert.Null(answer.Refusal));
        room.Until("all hold the same", () => room.Seats.Select(seat => (seat.Store.AppliedIndex, seat.Store.Checksum)).Distinct().Count() == 1);
    }

    private static (Refusal? Refusal, ApplyStatus Status) Outcome(WriteAnswer answer) => (answer.Refusal, answer.Status);

    private static Task<WriteAnswer> Lock(
        Seat at, string who, TimeSpan? wait = null, string? idempotencyKey = null, ulong ttlMilliseconds = 0, CancellationTokenSource? gone = null) =>
        Write(at, "lock", who, new Condition { MustNotExist = true }, wait ?? Minute, idempotencyKey, ttlMilliseconds, gone);

    private static void Unlock(Room room) => room.Answered(room.Leader.Replica.WriteAsync(Command.EncodeDelete("lock"u8)).AsTask());

    private static Task<WriteAnswer> Write(
        Seat at, string key, string value, Condition condition, TimeSpan wait, string? idempotencyKey = null, ulong ttlMilliseconds = 0, CancellationTokenSource? gone = null)
    {
        var options = new WriteOptions { Condition = condition, IdempotencyKey = Encoding.ASCII.GetBytes(idempotencyKey ?? ""), TtlMilliseconds = ttlMilliseconds };
        var draft = new CommandDraft(CommandKind.Put, key.Length, value.Length, options);
        Encoding.ASCII.GetBytes(key, draft.Key);
        Encoding.ASCII.GetBytes(value, draft.Value.Span);
        draft.Seal();
        return at.Replica.WriteAsync(draft.Bytes, wait, gone?.Token ?? TestContext.Current.CancellationToken).AsTask();
    }

    private static Task<ReadAnswer> Changed(Seat at, string key, ulong revision, TimeSpan wait, ReadLevel level = ReadLevel.Linearizable) => at.Replica.ReadAsync(
        Encoding.ASCII.GetBytes(key), new ReadTerms { Level = level, Wait = wait, Condition = new Condition { NoneOf = new[] { revision } } }, TestContext.Current.CancellationToken).AsTask();

    private static string Value(Room room, string key)
    {
        using ReadAnswer read = room.Answered(room.Leader.Replica.ReadAsync(Encoding.ASCII.GetBytes(key), ReadLevel.Linearizable).AsTask());
        return Encoding.ASCII.GetString(read.Value.Span);
    }

    private static ulong RevisionOf(Room room, string key)
    {
        using ReadAnswer read = room.Answered(room.Leader.Replica.ReadAsync(Encoding.ASCII.GetBytes(key), ReadLevel.Linearizable).AsTask());
        return read.Revision;
    }
}
