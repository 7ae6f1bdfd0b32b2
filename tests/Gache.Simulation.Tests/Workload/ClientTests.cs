using System.Text;
using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Simulation.Tests;

public class ClientTests
{
    private readonly EventScheduler scheduler = new();
    private readonly History history = new();
    private readonly FakeNode leader;
    private readonly FakeNode follower;

    public ClientTests()
    {
        leader = new FakeNode(scheduler, "api1");
        follower = new FakeNode(scheduler, "api2") { Leader = leader };
    }

    [Fact]
    public void Clients_of_a_correct_register_record_a_history_that_is_accepted()
    {
        Run(clients: 5, seconds: 200);
        Assert.True(history.DoneCount > 500, $"only {history.DoneCount} done");
        Assert.Null(HistoryChecker.Check(history.Operations));
        Assert.Contains(history.Operations, o => o.Outcome == Outcome.Declined);
        Assert.Contains(history.Operations, o => o is { Outcome: Outcome.Done, Condition.AnyOf: not null });
        Assert.All(Enum.GetValues<OperationKind>(), k => Assert.Contains(history.Operations, o => o.Kind == k && o.Outcome == Outcome.Done));
    }

    [Fact]
    public void Redirect_is_followed_with_a_new_attempt_and_a_new_value()
    {
        Run(clients: 2, seconds: 60);
        List<Operation> refused = [.. history.Operations.Where(o => o.Outcome == Outcome.NotApplied && o.WritesValue)];
        Assert.NotEmpty(refused);
        Assert.Equal(history.Operations.Count(o => o.WritesValue), history.Operations.Where(o => o.WritesValue).Select(o => o.Value).Distinct().Count());
    }

    [Fact]
    public void Death_of_the_process_leaves_the_request_unknown_and_a_dead_one_refuses()
    {
        leader.Delay = TimeSpan.FromSeconds(2);
        scheduler.After(TimeSpan.FromSeconds(30), leader.Process.Kill);
        Run(clients: 5, seconds: 60);
        Assert.Contains(history.Operations, o => o.Outcome == Outcome.Unknown && o.Remark.Contains("no answer", StringComparison.Ordinal));
        Assert.Contains(history.Operations, o => o.Outcome == Outcome.NotApplied && o.Remark.Contains("connection refused", StringComparison.Ordinal));
        Assert.Null(HistoryChecker.Check(history.Operations));
    }

    [Fact]
    public void Pause_longer_than_the_clients_patience_leaves_the_request_unknown()
    {
        scheduler.After(TimeSpan.FromSeconds(10), leader.Process.Pause);
        scheduler.After(TimeSpan.FromSeconds(40), () => leader.Process.Resume());
        Run(clients: 5, seconds: 80);
        Assert.Contains(history.Operations, o => o.Outcome == Outcome.Unknown && o.IsWrite);
        Assert.Null(HistoryChecker.Check(history.Operations));
    }

    [Fact]
    public void Node_that_forgets_a_write_is_found()
    {
        scheduler.After(TimeSpan.FromSeconds(50), leader.ForgetHalf);
        Run(clients: 5, seconds: 100);
        Assert.NotNull(HistoryChecker.Check(history.Operations));
    }

    [Fact]
    public void Node_that_carries_repeats_out_again_is_found()
    {
        leader.Forgets = true;
        Run(clients: 5, seconds: 100);
        Assert.NotNull(HistoryChecker.Check(history.Operations));
    }

    [Fact]
    public void Keyed_write_is_repeated_until_it_is_answered_and_gets_the_same_answer_ever_after()
    {
        Run(clients: 5, seconds: 100);
        Assert.Contains(history.Operations, o => o is { IsInDoubt: true, Outcome: Outcome.Done });
        Assert.Contains(history.Operations, o => o.Answers.Count > 1);
        Assert.Null(HistoryChecker.Check(history.Operations));
    }

    [Fact]
    public void Value_tells_its_number_only_if_it_is_whole()
    {
        for (long number = 1; number < 200; number++)
        {
            byte[] bytes = ValueCodec.Encode(number);
            Assert.Equal(number, ValueCodec.Decode(bytes));
            Assert.Equal(Operation.ForeignValue, ValueCodec.Decode([.. bytes, 0]));
        }

        Assert.Equal(Operation.ForeignValue, ValueCodec.Decode(Encoding.ASCII.GetBytes("other")));
    }

    private void Run(int clients, int seconds)
    {
        var random = new SeededRandom(11);
        List<Client> all = [.. Enumerable.Range(1, clients).Select(
            i => new Client(i, scheduler, random.Fork(), new WorkloadOptions { Expiring = 0, Waiting = 0 }, () => [leader, follower], history))];
        scheduler.RunUntil(TimeSpan.FromSeconds(seconds));
        foreach (Client client in all) client.Stop();
        scheduler.RunUntil(TimeSpan.FromSeconds(seconds + 20));
        Assert.All(all, c => Assert.False(c.IsWaiting));
    }

    /// <summary>A register in memory that answers after a delay, or redirects to its leader.</summary>
    private sealed class FakeNode(EventScheduler scheduler, string api) : IEndpoint
    {
        private readonly Dictionary<string, (byte[] Value, ulong Revision)> state = [];
        private readonly Dictionary<string, WriteAnswer> answers = [];
        private ulong revision;

        public FakeNode? Leader { get; init; }

        /// <summary>Carries repeats out again.</summary>
        public bool Forgets { get; set; }

        public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(1);

        public string ApiAddress => api;

        public NodeProcess Process { get; } = new(scheduler, api, 1);

        NodeProcess? IEndpoint.Process => Process;

        public void ForgetHalf()
        {
            foreach (string key in state.Keys.Order().Take((state.Count / 2) + 1).ToList()) state.Remove(key);
        }

        public async ValueTask<WriteAnswer> WriteAsync(Operation write, byte[] value)
        {
            if (Leader is not null) return new WriteAnswer(Redirect());
            await WaitAsync();
            if (write.IdempotencyKey is not { } name) return CarryOut(write, value);
            if (!answers.TryGetValue(name, out WriteAnswer answer) || Forgets) answers[name] = answer = CarryOut(write, value);
            return answer;
        }

        private WriteAnswer CarryOut(Operation write, byte[] value)
        {
            (OperationKind kind, string key) = (write.Kind, write.Key);
            ulong present = state.TryGetValue(key, out (byte[] Value, ulong Revision) before) ? before.Revision : 0;
            if (write.Condition?.Holds(present != 0, present) == false)
                return new WriteAnswer(null, present, present != 0, ApplyStatus.ConditionFailed);
            if (kind == OperationKind.Add)
            {
                long sum = (present == 0 ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(before.Value)) + write.Counter.Delta;
                if (sum > write.Counter.Max) return new WriteAnswer(null, present, present != 0, ApplyStatus.OutOfRange);
                state[key] = (BitConverter.GetBytes(sum), ++revision);
                return new WriteAnswer(null, revision, present != 0, Number: sum);
            }

            bool existed = state.Remove(key);
            if (kind != OperationKind.Delete) state[key] = (value, revision + 1);
            if (kind != OperationKind.Delete || existed) revision++;
            return new WriteAnswer(null, revision, existed);
        }

        public async ValueTask<ReadAnswer> ReadAsync(string key, ReadLevel level)
        {
            if (Leader is not null && level == ReadLevel.Linearizable) return new ReadAnswer(Redirect());
            await WaitAsync();
            return (Leader ?? this).state.TryGetValue(key, out (byte[] Value, ulong Revision) found)
                ? new ReadAnswer(true, found.Revision, found.Value, null)
                : new ReadAnswer(false, 0, default, null);
        }

        public void Refused(Operation write) => Assert.NotNull(Leader);

        public void Failed(Exception exception) => Assert.Fail(exception.ToString());

        private Task WaitAsync()
        {
            var due = new TaskCompletionSource();
            Process.After(Delay, due.SetResult);
            return due.Task;
        }

        private Refusal Redirect() => new(RefusalCode.NotLeader, "elsewhere", Leader!.ApiAddress);
    }
}
