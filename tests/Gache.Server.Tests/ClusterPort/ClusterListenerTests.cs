using System.Diagnostics;
using System.Net.Sockets;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.ClusterPort;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Server.Tests.ClusterPort;

public sealed class ClusterListenerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Calls_of_all_sizes_pass_through_the_port()
    {
        await using ClusterListener listener = await StartAsync();
        using CallServer server = Server(new Echo());
        listener.Serve(server);
        await using CallClient client = Client();
        foreach (int length in (int[])[0, 1, 5_000, 300_000, 8 * 1024 * 1024, CallLimits.MaxBodyBytes])
        {
            byte[] body = new byte[length];
            new Random(length).NextBytes(body);
            CallResult result = await CallAsync(client, listener, CallKind.Forward, body);
            Assert.Equal(CallOutcome.Answered, result.Outcome);
            Assert.True(result.Body.Span.SequenceEqual(body));
        }

        Task<CallResult>[] many = [.. Enumerable.Range(0, 2000).Select(i => CallAsync(client, listener, i % 2 == 0 ? CallKind.Forward : CallKind.GossipDigest, BitConverter.GetBytes(i)))];
        CallResult[] results = await Task.WhenAll(many);
        for (int i = 0; i < results.Length; i++) Assert.Equal(i, BitConverter.ToInt32(results[i].Body.Span));
        Assert.Equal(2, server.Counters.AcceptedConnections);
    }

    [Fact]
    public async Task Before_the_node_has_an_id_connections_are_closed_and_the_caller_knows_that_nothing_arrived()
    {
        await using ClusterListener listener = await StartAsync();
        await using CallClient client = Client();
        Assert.Equal(CallOutcome.NotSent, (await CallAsync(client, listener, CallKind.FolderState, new byte[3])).Outcome);
        using CallServer server = Server(new Echo());
        listener.Serve(server);
        Assert.Equal(CallOutcome.Answered, (await CallAsync(client, listener, CallKind.FolderState, new byte[3])).Outcome);
    }

    [Fact]
    public async Task Port_in_use_is_named()
    {
        await using ClusterListener listener = await StartAsync();
        TransportListenException refused = await Assert.ThrowsAsync<TransportListenException>(() =>
            ClusterListener.StartAsync(new HostPort("127.0.0.1", listener.EndPoint.Port), allowNonLoopback: false, NullLoggerFactory.Instance));
        Assert.Equal(ListenFailure.AddressInUse, refused.Failure);
        Assert.Contains($"cluster address 127.0.0.1:{listener.EndPoint.Port} is in use", refused.Message);
    }

    [Fact]
    public async Task Address_that_other_machines_reach_is_refused_without_leave()
    {
        var everywhere = new HostPort("0.0.0.0", 0);
        TransportListenException refused = await Assert.ThrowsAsync<TransportListenException>(() =>
            ClusterListener.StartAsync(everywhere, allowNonLoopback: false, NullLoggerFactory.Instance));
        Assert.Equal(ListenFailure.NotLoopback, refused.Failure);
        Assert.Contains("--insecure-cluster", refused.Message);
        await using ClusterListener allowed = await ClusterListener.StartAsync(everywhere, allowNonLoopback: true, NullLoggerFactory.Instance);
        Assert.NotEqual(0, allowed.EndPoint.Port);
    }

    [Theory]
    [InlineData("no such host", ListenFailure.BadAddress)]
    [InlineData("192.0.2.1", ListenFailure.AddressUnavailable)]
    public async Task Address_that_is_not_ours_is_named(string host, ListenFailure failure)
    {
        TransportListenException refused = await Assert.ThrowsAsync<TransportListenException>(() =>
            ClusterListener.StartAsync(new HostPort(host, 0), allowNonLoopback: true, NullLoggerFactory.Instance));
        Assert.Equal(failure, refused.Failure);
        Assert.Contains(host, refused.Message);
    }

    [Fact]
    public async Task Stop_lets_calls_under_way_end_and_takes_no_new_ones()
    {
        ClusterListener listener = await StartAsync();
        var holding = new Holding();
        using CallServer server = Server(holding);
        listener.Serve(server);
        await using CallClient client = Client();
        Task<CallResult> underWay = CallAsync(client, listener, CallKind.Forward, new byte[3]);
        await holding.Arrived.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task stopping = listener.StopAsync(Patience);
        CallResult late = await CallAsync(client, listener, CallKind.Admin, new byte[3]);
        Assert.Contains(late.Outcome, (CallOutcome[])[CallOutcome.NotSent, CallOutcome.Refused]); // never unknown
        Assert.False(stopping.IsCompleted);
        holding.Answer!(new byte[5]);
        Assert.Equal(CallOutcome.Answered, (await underWay).Outcome);
        await stopping.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, server.Counters.AcceptedConnections);
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task Stop_cuts_off_at_its_deadline_what_never_ends()
    {
        ClusterListener listener = await StartAsync();
        var holding = new Holding();
        using CallServer server = Server(holding);
        listener.Serve(server);
        await using CallClient client = Client();
        Task<CallResult> underWay = CallAsync(client, listener, CallKind.Forward, new byte[3]);
        await holding.Arrived.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await listener.StopAsync(TimeSpan.FromMilliseconds(50)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(CallOutcome.Unknown, (await underWay).Outcome);
        await listener.DisposeAsync();
        Assert.Equal(0, server.HeldBytes);
    }

    [Fact]
    public async Task Connections_over_the_bound_are_closed_at_once_and_those_within_it_are_served()
    {
        await using ClusterListener listener = await StartAsync();
        using CallServer server = Server(new Echo());
        listener.Serve(server);
        await using CallClient client = Client();
        Assert.Equal(CallOutcome.Answered, (await CallAsync(client, listener, CallKind.Admin, new byte[3])).Outcome);
        var sockets = new List<Socket>();
        try
        {
            for (int i = 0; i < ClusterListener.MaxConnections + 20; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                socket.Connect(listener.EndPoint);
            }

            // Long before a preamble is missed: those over the bound.
            long began = Stopwatch.GetTimestamp();
            while (!sockets.Exists(s => s.Poll(0, SelectMode.SelectRead))) Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "none was closed");
            Assert.Equal(CallOutcome.Answered, (await CallAsync(client, listener, CallKind.Admin, new byte[3])).Outcome);
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }

        Assert.Equal(CallOutcome.Answered, (await CallAsync(client, listener, CallKind.Forward, new byte[3])).Outcome);
    }

    private static Task<ClusterListener> StartAsync() =>
        ClusterListener.StartAsync(new HostPort("127.0.0.1", 0), allowNonLoopback: false, NullLoggerFactory.Instance);

    private static CallServer Server(ICallHandler handler) =>
        new(new CallServerOptions { Identity = () => new ClusterIdentity(new NodeId(1), new ClusterId(7), 1), Handler = handler });

    private static CallClient Client() => new(new CallClientOptions { Identity = () => new ClusterIdentity(new NodeId(2), new ClusterId(7), 2) });

    private static Task<CallResult> CallAsync(CallClient client, ClusterListener listener, CallKind kind, byte[] body)
    {
        var end = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Call(listener.EndPoint.ToString(), default, kind, body, Patience, end.SetResult);
        return end.Task;
    }

    private sealed class Echo : ICallHandler
    {
        public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer) => answer(body);
    }

    private sealed class Holding : ICallHandler
    {
        public TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action<ReadOnlyMemory<byte>>? Answer { get; private set; }

        public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
        {
            Answer = answer;
            Arrived.TrySetResult();
        }
    }
}
