using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>What is said of a call that got no answer is the truth (P11).</summary>
public sealed class OutcomeTests
{
    [Fact]
    public async Task Refused_connect_is_not_sent()
    {
        await using CallClient client = Calling.Client();
        CallResult result = await client.CallAsync(Silent.UnusedAddress(), CallKind.Forward, new byte[3]);
        Assert.Equal(CallOutcome.NotSent, result.Outcome);
        Assert.NotEmpty(result.Detail);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("no such host:1")]
    public async Task Address_that_cannot_be_dialled_is_not_sent(string address)
    {
        await using CallClient client = Calling.Client();
        CallResult result = await client.CallAsync(address, CallKind.Admin, new byte[3]);
        Assert.Equal(CallOutcome.NotSent, result.Outcome);
        Assert.NotEmpty(result.Detail);
    }

    [Fact]
    public async Task Receiver_that_never_says_who_it_is_was_sent_nothing()
    {
        await using CallClient client = Calling.Client();
        using var silent = new Silent();
        CallResult result = await client.CallAsync(silent.Address, CallKind.Forward, new byte[3], timeout: TimeSpan.FromMilliseconds(100));
        Assert.Equal(CallOutcome.NotSent, result.Outcome);
        Assert.Contains("connected", result.Detail);
    }

    [Fact]
    public async Task Connection_that_is_killed_during_a_call_leaves_it_unknown_and_the_next_call_dials_anew()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        Action<Caller, CallKind, ReadOnlyMemory<byte>, Action<ReadOnlyMemory<byte>>> echo = port.Behaviour;
        port.Behaviour = (_, _, _, _) => { };
        Task<CallResult> call = client.CallAsync(port.Address, CallKind.Forward, new byte[3]);
        Calling.Until(() => port.Arrived.Count == 1, "it arrives");
        port.Behaviour = echo;
        port.Kill();

        CallResult result = await call;
        Assert.Equal(CallOutcome.Unknown, result.Outcome);
        Assert.Contains("sent", result.Detail);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
    }

    [Fact]
    public async Task Call_without_an_answer_in_time_is_unknown_and_its_late_answer_is_nobody_elses()
    {
        await using var port = new Port(1);
        var time = new ManualTime(); // so that no connect takes too long on a busy machine
        await using CallClient client = Calling.Client(time: time);
        Action<ReadOnlyMemory<byte>>? late = null;
        port.Behaviour = (_, _, body, answer) =>
        {
            if (late is null) Volatile.Write(ref late, answer);
            else answer(body);
        };
        Task<CallResult> unanswered = client.CallAsync(port.Address, CallKind.Forward, Calling.Bytes(9, 1), timeout: TimeSpan.FromMilliseconds(150));
        Calling.Until(() => Volatile.Read(ref late) is not null, "it arrives");
        time.Advance(TimeSpan.FromMilliseconds(150));
        CallResult first = await unanswered;
        Assert.Equal(CallOutcome.Unknown, first.Outcome);
        Assert.Contains("0.15 s", first.Detail);

        late!(Calling.Bytes(9, 1));
        late(Calling.Bytes(9, 1)); // a handler that answers twice does no harm either
        for (int i = 2; i < 20; i++)
        {
            CallResult next = await client.CallAsync(port.Address, CallKind.Forward, Calling.Bytes(9, i));
            Assert.Equal(CallOutcome.Answered, next.Outcome);
            Assert.Equal(Calling.Bytes(9, i), next.Body.ToArray());
        }

        Assert.Equal(1, port.Accepted);
    }

    [Fact]
    public async Task Calls_over_the_bound_end_at_once_as_not_sent_and_those_below_it_are_not_harmed()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client(time: new ManualTime());
        using var release = new ManualResetEventSlim();
        port.Behaviour = (_, _, body, answer) =>
        {
            release.Wait(TestContext.Current.CancellationToken); // as a receiver that is stopped
            answer(body);
        };
        Task<CallResult>[] within = [.. Enumerable.Range(0, CallLimits.MaxPendingCalls).Select(_ => client.CallAsync(port.Address, CallKind.Forward, new byte[8]))];
        CallResult over = await client.CallAsync(port.Address, CallKind.Forward, new byte[8]);
        Assert.Equal(CallOutcome.NotSent, over.Outcome);
        Assert.Contains("4096", over.Detail);

        CallResult other = await client.CallAsync(Silent.UnusedAddress(), CallKind.Forward, new byte[8]);
        Assert.Equal(CallOutcome.NotSent, other.Outcome);
        Assert.DoesNotContain("4096", other.Detail); // another address has its own bound

        release.Set();
        Assert.All(await Task.WhenAll(within), result => Assert.Equal(CallOutcome.Answered, result.Outcome));
    }

    [Fact]
    public async Task Bytes_over_the_bound_end_at_once_as_not_sent()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client(time: new ManualTime());
        using var release = new ManualResetEventSlim();
        port.Behaviour = (_, _, _, answer) =>
        {
            release.Wait(TestContext.Current.CancellationToken);
            answer(default);
        };
        byte[] large = new byte[8 * 1024 * 1024];
        Task<CallResult>[] within = [.. Enumerable.Range(0, 8).Select(_ => client.CallAsync(port.Address, CallKind.ImportChunk, large))];
        CallResult over = await client.CallAsync(port.Address, CallKind.ImportChunk, large);
        Assert.Equal(CallOutcome.NotSent, over.Outcome);
        release.Set();
        Assert.All(await Task.WhenAll(within), result => Assert.Equal(CallOutcome.Answered, result.Outcome));
    }

    [Fact]
    public async Task Behind_a_receiver_that_reads_nothing_what_was_begun_is_unknown_and_what_was_not_is_not_sent()
    {
        await using var port = new Port(1);
        var time = new ManualTime();
        await using CallClient client = Calling.Client(time: time);
        using var release = new ManualResetEventSlim();
        port.Behaviour = (_, _, _, _) => release.Wait(TestContext.Current.CancellationToken);
        Task<CallResult> arrived = client.CallAsync(port.Address, CallKind.Forward, new byte[1], timeout: TimeSpan.FromSeconds(2));
        Calling.Until(() => port.Arrived.Count == 1, "the first arrives");
        Task<CallResult> begun = client.CallAsync(port.Address, CallKind.Forward, new byte[CallLimits.MaxBodyBytes], timeout: TimeSpan.FromSeconds(2));
        Calling.Until(() => client.Counters.Sent(CallKind.Forward) == 2, "the second is begun");
        Task<CallResult> behind = client.CallAsync(port.Address, CallKind.Forward, new byte[2], timeout: TimeSpan.FromMilliseconds(500));
        time.Advance(TimeSpan.FromMilliseconds(500));

        CallResult waited = await behind;
        Assert.Equal(CallOutcome.NotSent, waited.Outcome);
        Assert.Contains("does not take", waited.Detail);
        time.Advance(TimeSpan.FromMilliseconds(1500));
        Assert.Equal(CallOutcome.Unknown, (await begun).Outcome);
        Assert.Equal(CallOutcome.Unknown, (await arrived).Outcome);
        release.Set();
    }

    [Fact]
    public async Task Caller_that_stops_says_of_each_call_what_became_of_it()
    {
        await using var port = new Port(1);
        port.Behaviour = (_, _, _, _) => { };
        using var silent = new Silent();
        CallClient client = Calling.Client();
        Task<CallResult> sent = client.CallAsync(port.Address, CallKind.Forward, new byte[3]);
        Task<CallResult> waits = client.CallAsync(silent.Address, CallKind.Forward, new byte[3]);
        Calling.Until(() => port.Arrived.Count == 1, "it arrives");

        await client.DisposeAsync();
        Assert.Equal(CallOutcome.Unknown, (await sent).Outcome);
        Assert.Equal(CallOutcome.NotSent, (await waits).Outcome);
        Assert.Equal(CallOutcome.NotSent, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
        Calling.Until(() => client.Counters.DialledConnections == 0, "nothing stays connected");
    }

    /// <summary>The promise itself, under a receiver whose connections are cut again and again.</summary>
    [Fact]
    public async Task Nothing_that_is_called_not_sent_has_arrived_and_nothing_that_is_called_answered_has_not()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        var arrivals = new ConcurrentDictionary<int, int>();
        port.Behaviour = (_, _, body, answer) =>
        {
            arrivals.AddOrUpdate(BitConverter.ToInt32(body.Span), 1, (_, n) => n + 1);
            answer(body);
        };
        var outcomes = new ConcurrentDictionary<int, CallOutcome>();
        var random = new Random(11);
        int next = 0;
        for (int round = 0; round < 60; round++)
        {
            Task[] calls = [.. Enumerable.Range(0, 40).Select(async _ =>
            {
                int id = Interlocked.Increment(ref next);
                byte[] body = new byte[id % 5 == 0 ? 200_000 : 40];
                BitConverter.TryWriteBytes(body, id);
                outcomes[id] = (await client.CallAsync(port.Address, id % 3 == 0 ? CallKind.Admin : CallKind.Forward, body)).Outcome;
            })];
            int before = port.Arrived.Count, wanted = random.Next(0, 30);
            Calling.Until(() => port.Arrived.Count >= before + wanted || calls.All(c => c.IsCompleted), "some arrive");
            port.Kill();
            await Task.WhenAll(calls);
        }

        Assert.Equal(next, outcomes.Count);
        Assert.All(arrivals, arrival => Assert.Equal(1, arrival.Value)); // sent at most once
        foreach ((int id, CallOutcome outcome) in outcomes)
        {
            if (outcome is CallOutcome.NotSent or CallOutcome.Refused) Assert.DoesNotContain(id, arrivals.Keys);
            if (outcome == CallOutcome.Answered) Assert.Contains(id, arrivals.Keys);
        }

        Assert.Contains(CallOutcome.Unknown, outcomes.Values);
        Assert.Contains(CallOutcome.Answered, outcomes.Values);
    }

    /// <summary>Listens and takes connections, as the kernel does for a stopped process, and never says a word.</summary>
    private sealed class Silent : IDisposable
    {
        private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public Silent()
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(8);
        }

        public string Address => listener.LocalEndPoint!.ToString()!;

        public static string UnusedAddress()
        {
            using var once = new Silent();
            return once.Address;
        }

        public void Dispose() => listener.Dispose();
    }
}
