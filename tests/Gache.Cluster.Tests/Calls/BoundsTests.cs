using System.Net;
using System.Net.Sockets;
using Gache.Cluster.Calls;
using Gache.Cluster.Calls.Wire;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Slow, silent and greedy peers hold neither memory nor connections (P10).</summary>
public sealed class BoundsTests
{
    private const int CutOff = 321;
    private static readonly ClusterIdentity Stranger = Calling.Me;

    [Fact]
    public async Task Large_bodies_do_not_delay_a_control_call()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        using var release = new ManualResetEventSlim();
        port.Behaviour = (_, kind, body, answer) =>
        {
            if (kind == CallKind.Forward) release.Wait(TestContext.Current.CancellationToken); // the bulk connection stands still
            answer(body);
        };
        Task<CallResult>[] large = [.. Enumerable.Range(0, 7).Select(i => client.CallAsync(port.Address, CallKind.Forward, Calling.Bytes(8 * 1024 * 1024, i)))];
        Calling.Until(() => !port.Arrived.IsEmpty, "the first is being handled");
        for (int i = 0; i < 100; i++)
            Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.GossipDigest, new byte[1000])).Outcome);

        Assert.All(large, call => Assert.False(call.IsCompleted));
        release.Set();
        Assert.All(await Task.WhenAll(large), result => Assert.Equal(CallOutcome.Answered, result.Outcome));
    }

    [Fact]
    public async Task Receiver_reads_no_further_than_its_bound_of_unanswered_requests()
    {
        await using var port = new Port(1);
        var held = new List<Action<ReadOnlyMemory<byte>>>();
        port.Behaviour = (_, _, _, answer) =>
        {
            lock (held) held.Add(answer);
        };
        using var dialler = new RawDialler(port.Address);
        Assert.Null(dialler.Introduce(Stranger).Refusal);
        for (ulong id = 1; id <= CallLimits.MaxServedRequests + 500; id++) dialler.Send(Frames.Request(id, new byte[10]));
        Calling.Until(() => port.Arrived.Count == CallLimits.MaxServedRequests, "the bound is reached");

        // With one answered exactly one more is taken: so it did stop.
        for (int i = 1; i <= 20; i++)
        {
            held[i](new byte[5]);
            Calling.Until(() => port.Arrived.Count >= CallLimits.MaxServedRequests + i, "one more is taken");
            Assert.Equal(CallLimits.MaxServedRequests + i, port.Arrived.Count);
        }
    }

    [Fact]
    public async Task Request_that_nobody_waits_for_any_more_gives_its_place_back()
    {
        var time = new ManualTime();
        await using var port = new Port(1, time: time);
        port.Behaviour = (_, _, _, _) => { };
        using var dialler = new RawDialler(port.Address);
        dialler.Introduce(Stranger);
        for (ulong id = 1; id <= CallLimits.MaxServedRequests + 1; id++) dialler.Send(Frames.Request(id, new byte[10], timeoutMilliseconds: 3_000));
        Calling.Until(() => port.Arrived.Count == CallLimits.MaxServedRequests, "the bound is reached");
        time.Advance(TimeSpan.FromSeconds(5));
        Calling.Until(() => port.Arrived.Count == CallLimits.MaxServedRequests + 1, "the one behind them is taken");
        Assert.InRange(port.Server.HeldBytes, 1, 10);
    }

    [Fact]
    public async Task Requests_beyond_the_memory_of_all_connections_are_refused_and_small_ones_still_get_through()
    {
        await using var port = new Port(1);
        port.Behaviour = (_, kind, body, answer) =>
        {
            if (kind == CallKind.GossipDigest) answer(body);
        };
        byte[] frame = new byte[CallLimits.MaxBodyBytes];
        var diallers = new List<RawDialler>();
        try
        {
            while (port.Server.Counters.RefusedRequests == 0)
            {
                Assert.True(diallers.Count < 20, $"{port.Server.HeldBytes} bytes are held");
                var dialler = new RawDialler(port.Address);
                diallers.Add(dialler);
                dialler.Introduce(Stranger);
                int before = port.Arrived.Count;
                dialler.Send(Frames.Request(1, frame));
                Calling.Until(() => port.Arrived.Count > before || port.Server.Counters.RefusedRequests > 0, "it is taken or refused");
            }

            Assert.InRange(port.Server.HeldBytes, 100_000_000, CallLimits.MaxBytesOfAllConnections);
            (FrameHead head, byte[] words) = diallers[^1].ReceiveFrame();
            Assert.Equal((FrameType.Refusal, 1ul), (head.Type, head.RequestId));
            Assert.Contains("overloaded", System.Text.Encoding.UTF8.GetString(words));
            Assert.True(head.IsForNoRoom);
            await using CallClient client = Calling.Client();
            CallResult refused = await client.CallAsync(port.Address, CallKind.Forward, frame);
            Assert.Equal((CallOutcome.Refused, true), (refused.Outcome, refused.IsOverBound));
            diallers[^1].Send(Frames.Request(2, new byte[1000], CallKind.GossipDigest));
            Assert.Equal((FrameType.Answer, 2ul), (diallers[^1].ReceiveFrame().Head.Type, 2ul));
        }
        finally
        {
            diallers.ForEach(d => d.Dispose());
        }

        Calling.Until(() => port.Server.HeldBytes == 0, "what is gone holds nothing");
    }

    [Fact]
    public async Task Calls_beyond_a_connections_bound_are_not_sent_and_say_that_there_was_no_room()
    {
        await using var port = new Port(1);
        port.Behaviour = (_, _, _, _) => { };
        await using CallClient client = Calling.Client();
        byte[] body = new byte[CallLimits.MaxBodyBytes];
        int fitting = (int)(CallLimits.MaxPendingBulkBytes / body.Length);
        for (int i = 0; i < fitting; i++) _ = client.CallAsync(port.Address, CallKind.Forward, body, timeout: Calling.Long);
        CallResult beyond = await client.CallAsync(port.Address, CallKind.Forward, body);
        Assert.Equal((CallOutcome.NotSent, true), (beyond.Outcome, beyond.IsOverBound));
        CallResult nobody = await client.CallAsync(port.Address, CallKind.GossipDigest, new byte[1], expected: new Gache.Primitives.NodeId(77));
        Assert.Equal((CallOutcome.Refused, false), (nobody.Outcome, nobody.IsOverBound));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(12)]
    public async Task Dialler_that_does_not_say_who_it_is_is_cut_off_in_time(int sentBytes)
    {
        var time = new ManualTime();
        await using var port = new Port(1, time: time);
        using var mute = new RawDialler(port.Address);
        mute.Send(new CallPreamble(Stranger, default).Encode().AsSpan(0, sentBytes));
        Calling.Until(() => port.Accepted == 1, "it is accepted");
        Calling.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100)); // again, as its time may begin later than we begin to count
                return mute.IsClosed();
            },
            "the connection is closed");
        Assert.InRange(time.GetTimestamp(), CallTimes.Preamble.Ticks, long.MaxValue);
        Assert.Equal(1, port.Server.Counters.RefusedConnections);
    }

    [Theory]
    [InlineData(5)] // of the head
    [InlineData(FrameHead.Length + 70_000)]
    public async Task Slow_sender_is_cut_off_with_one_line_and_holds_nothing(int sentBytes)
    {
        var time = new ManualTime();
        await using var port = new Port(1, time: time);
        using var slow = new RawDialler(port.Address);
        slow.Introduce(Stranger);
        byte[] frame = Frames.Request(1, new byte[300_000]);
        slow.Send(frame.AsSpan(0, sentBytes));
        if (sentBytes > FrameHead.Length) Calling.Until(() => port.Server.HeldBytes > 64 * 1024, "part of the frame is held");
        await using CallClient client = Calling.Client();
        while (!slow.IsClosed())
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            CallResult other = await client.CallAsync(port.Address, CallKind.Admin, new byte[1]); // the others are served meanwhile
            Assert.Equal(CallOutcome.Answered, other.Outcome);
        }

        Assert.InRange(time.GetTimestamp(), CallTimes.FrameGrace.Ticks, TimeSpan.FromSeconds(30).Ticks); // far below the idle limit
        Assert.Contains("too slowly", Assert.Single(port.Log.Lines, l => l.Event == CutOff).Line);
        Calling.Until(() => port.Server.HeldBytes == 0, "nothing is held");
        Assert.DoesNotContain(port.Arrived, a => a.Kind == CallKind.Forward);
    }

    [Fact]
    public async Task Peer_that_takes_no_answers_is_cut_off_and_holds_nothing()
    {
        var time = new ManualTime();
        await using var port = new Port(1, time: time);
        port.Behaviour = (_, _, _, answer) => answer(new byte[CallLimits.MaxBodyBytes]);
        using var deaf = new RawDialler(port.Address, receiveBufferBytes: 8 * 1024);
        deaf.Introduce(Stranger);
        for (ulong id = 1; id <= 10; id++) deaf.Send(Frames.Request(id, []));
        Calling.Until(() => port.Server.HeldBytes > CallLimits.MaxServedBytes, "answers pile up");
        Calling.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(500));
                return port.Server.Counters.AcceptedConnections == 0;
            },
            "it is cut off");
        Assert.InRange(port.Arrived.Count, 1, 4); // it reads no further while answers pile up
        Assert.Equal(0, port.Server.HeldBytes);
    }

    [Fact]
    public async Task Idle_connections_are_closed_by_the_caller_and_a_silent_one_by_the_receiver()
    {
        var time = new ManualTime();
        await using var port = new Port(1, time: time);
        await using CallClient client = Calling.Client(time: time);
        using var silent = new RawDialler(port.Address);
        silent.Introduce(Stranger);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3])).Outcome);
        Assert.Equal(2, client.Counters.DialledConnections);
        Calling.Until(() => time.TimersDueIn(CallTimes.Idle) == 2, "both lanes wait");
        time.Advance(CallTimes.Idle);
        Calling.Until(() => client.Counters.DialledConnections == 0, "the caller closes");
        Assert.False(silent.IsClosed());
        time.Advance(CallTimes.IdleAtReceiver - CallTimes.Idle + 2 * CallTimes.Watch);
        Calling.Until(silent.IsClosed, "the receiver closes");
        Assert.DoesNotContain(port.Log.Lines, l => l.Event == CutOff); // that is nobody's fault
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
    }

    [Fact]
    public async Task Addresses_are_remembered_up_to_a_bound_and_the_idle_ones_forgotten_first()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        var random = new Random(1);
        for (int i = 0; i < 2 * CallLimits.MaxAddresses + 100; i += 100)
        {
            Task<CallResult>[] calls = [.. Enumerable.Range(i, 100).Select(n => client.CallAsync($"no-port-{n}", CallKind.GossipDigest, new byte[1]))];
            Assert.All(await Task.WhenAll(calls), result => Assert.Equal(CallOutcome.NotSent, result.Outcome));
        }

        Assert.InRange(client.RememberedLanes, 1, 2 * CallLimits.MaxAddresses);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
    }

    [Fact]
    public async Task Dead_address_is_not_dialled_more_often_than_every_few_tens_of_milliseconds()
    {
        await using CallClient client = Calling.Client();
        string dead;
        using (var once = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            once.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            dead = once.LocalEndPoint!.ToString()!;
        }

        long began = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < 8; i++) Assert.Equal(CallOutcome.NotSent, (await client.CallAsync(dead, CallKind.Forward, new byte[1])).Outcome);
        TimeSpan least = CallTimes.FirstRedial + 2 * CallTimes.FirstRedial; // of the growing pauses only some, as clocks are coarse
        Assert.True(TimeProvider.System.GetElapsedTime(began) > least, "it was dialled again at once");
        Assert.InRange(client.Counters.Dials, 1, 8);
    }
}
