using System.Net;
using System.Net.Sockets;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Measure;
using Gache.Bench.Wire;
using Gache.Store;
using Xunit;

namespace Gache.Bench.Tests;

/// <summary>Callers against servers that do what a test says.</summary>
public sealed class LoadTests
{
    private const int KeyCount = 100;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static Task<LoadResult> RunAsync(Part part, int callers, double? rate, TimeSpan? timeout, AcknowledgedKeys acknowledged, params CannedServer[] servers) =>
        RunAsync(part, callers, rate, timeout, acknowledged, backsOff: false, servers);

    private static Task<LoadResult> RunAsync(Part part, int callers, double? rate, TimeSpan? timeout, AcknowledgedKeys acknowledged, bool backsOff, params CannedServer[] servers) =>
        RunAsync(part, callers, rate, timeout, acknowledged, backsOff, Short, TestContext.Current.CancellationToken, servers);

    private static Task<LoadResult> RunAsync(
        Part part, int callers, double? rate, TimeSpan? timeout, AcknowledgedKeys acknowledged, bool backsOff, TimeSpan duration, CancellationToken stop, params CannedServer[] servers)
    {
        var keys = new KeySpace(servers[0].Address, "", valueBytes: 100);
        var plan = new LoadPlan
        {
            Part = part,
            Wire = new KeyWire(keys, Verification.Content, level: null),
            Acknowledged = acknowledged,
            KeysOf = number => new SequentialKeys(number, callers, acknowledged.Count),
            Callers = callers,
            Duration = duration,
            Timeout = timeout ?? TimeSpan.FromSeconds(10),
            Rate = rate,
            BacksOff = backsOff,
        };
        return new LoadRun(plan, new Owners(servers.Select(server => server.Address))).RunAsync(null, stop);
    }

    /// <summary>For what needs many answers, of which a busy machine gives few in a short time: runs until a test has seen enough.</summary>
    private static async Task<LoadResult> RunUntilAsync(Func<bool> isEnough, Part part, int callers, AcknowledgedKeys acknowledged, params CannedServer[] servers)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<LoadResult> run = RunAsync(part, callers, null, null, acknowledged, backsOff: false, Patience, stop.Token, servers);
        while (!isEnough() && !run.IsCompleted) await Task.Delay(10, TestContext.Current.CancellationToken); // between two looks
        await stop.CancelAsync();
        return await run;
    }

    private static async Task<(string? Thread, Task<LoadResult> Run)> BeginOnASocketsThreadAsync(CannedServer server)
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Before = () => answer.Task;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(server.Address), TestContext.Current.CancellationToken).ConfigureAwait(false);
        await socket.SendAsync("GET /key/0 HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken).ConfigureAwait(false);
        Task<int> received = socket.ReceiveAsync(new byte[1_000], TestContext.Current.CancellationToken).AsTask();
        Task<(string?, Task<LoadResult>)> begun = received.ContinueWith(
            _ =>
            {
                server.Before = null;
                return (Thread.CurrentThread.Name, RunAsync(Part.Mix(0.5), 8, server));
            },
            TestContext.Current.CancellationToken,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        answer.SetResult(); // only now: an answer that is there already is not waited for, and its reader stays on a thread of its own
        return await begun.ConfigureAwait(false);
    }

    private static Task<LoadResult> RunAsync(Part part, int callers, params CannedServer[] servers) => RunAsync(part, callers, null, null, new AcknowledgedKeys(KeyCount), servers);

    /// <summary>With inline completions whoever awaits a socket goes on, on the thread that carries the load; a run begun there must not keep it.</summary>
    [Fact]
    public async Task A_run_begun_on_a_thread_that_carries_the_load_does_not_wait_for_itself()
    {
        await using var server = new CannedServer();
        (string? thread, Task<LoadResult> run) = await BeginOnASocketsThreadAsync(server);
        LoadResult result = await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(".NET Sockets", thread);
        Assert.True(result is { Right: > 0, Wrong: 0 });
    }

    /// <summary>As clients that heed what they are told: else a server under overload does little but refuse.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refused_caller_rests_for_as_long_as_it_was_told_if_it_heeds_that(bool backsOff)
    {
        await using var server = new CannedServer { Instead = (_, _) => CannedServer.Answer("429 Too Many Requests", fields: "Retry-After: 60\r\n") };
        LoadResult result = await RunAsync(Part.Mix(0), 4, null, null, new AcknowledgedKeys(KeyCount), backsOff, server);

        Assert.Equal((result.Refused, result.Refused), (server.Asked, result.Refusals.TotalCount));
        if (backsOff) Assert.Equal(4, result.Refused);
        else Assert.True(result.Refused > 4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task What_was_set_is_read_and_every_answer_counted(int callers)
    {
        await using var server = new CannedServer { Piece = callers == 1 ? 17 : int.MaxValue };
        LoadResult result = await RunUntilAsync(() => server.Asked > 5 * KeyCount, Part.Mix(0.5), callers, new AcknowledgedKeys(KeyCount), server);

        Assert.Equal((0, 0, 0), (result.Wrong, result.Refused, result.Unanswered));
        Assert.Equal(server.Asked, result.Right);
        Assert.Equal(result.Right, result.Reads.TotalCount + result.Writes.TotalCount);
        Assert.True(result.Reads.TotalCount > 10 && result.Writes.TotalCount > 10, $"{result}");
        Assert.Equal(result.Right, result.Samples.Sum(sample => sample.Right));
    }

    [Fact]
    public async Task A_value_that_is_not_what_was_set_is_wrong_and_shown()
    {
        await using var server = new CannedServer();
        int lies = 0;
        server.Instead = (method, key) =>
        {
            if (method != "GET" || key != "/key/13") return null;
            Interlocked.Increment(ref lies);
            return CannedServer.Answer("200 OK", new string('x', 100));
        };
        var acknowledged = new AcknowledgedKeys(KeyCount);
        await RunUntilAsync(() => acknowledged.HasAll, Part.Set, 1, acknowledged, server);
        LoadResult result = await RunUntilAsync(() => Volatile.Read(ref lies) > 0, Part.Mix(0.5), 4, acknowledged, server);

        Assert.True(result.Wrong > 0);
        Assert.Contains("GET of key 13: 200, 100 bytes, but not those that were set", result.WrongReasons);
    }

    [Fact]
    public async Task A_key_that_was_set_and_is_not_there_is_wrong_and_one_that_was_not_is_missing()
    {
        await using var server = new CannedServer();
        var acknowledged = new AcknowledgedKeys(KeyCount);
        Assert.True(await RunAsync(Part.Get, 1, null, null, acknowledged, server) is { Wrong: 0, Missing: > 0 } unknown && unknown.Missing == unknown.Right);

        await RunUntilAsync(() => acknowledged.HasAll, Part.Set, 1, acknowledged, server);
        Assert.True(acknowledged.HasAll);
        server.Instead = (method, _) => method == "GET" ? CannedServer.Answer("404 Not Found") : null;
        Assert.True(await RunAsync(Part.Get, 1, null, null, acknowledged, server) is { Wrong: > 0, Missing: 0, Right: 0 });
    }

    [Fact]
    public async Task Owners_are_asked_through_another_once_a_slot_and_then_directly()
    {
        await using var owner = new CannedServer();
        await using var other = new CannedServer();
        other.Instead = (_, key) => CannedServer.MovedTo(owner.Address, key);
        const int keys = 5;
        LoadResult result = await RunUntilAsync(() => owner.Asked > 10 * keys, Part.Mix(0.5), 1, new AcknowledgedKeys(keys), other);

        Assert.Equal(0, result.Wrong);
        Assert.Equal(other.Asked, result.Redirected);
        Assert.InRange(result.Redirected, 1, keys); // each key's slot once
        Assert.Equal(owner.Asked, result.Right);
        Assert.True(result.Right > 2 * keys, $"{result}");
    }

    [Fact]
    public async Task A_redirect_without_end_is_wrong_and_ends()
    {
        await using var one = new CannedServer();
        await using var two = new CannedServer();
        one.Instead = (_, key) => CannedServer.MovedTo(two.Address, key);
        two.Instead = (_, key) => CannedServer.MovedTo(one.Address, key);
        LoadResult result = await RunAsync(Part.Set, 1, one, two);

        Assert.Equal(0, result.Right);
        Assert.True(result.Wrong > 0);
        Assert.StartsWith("redirected without end", result.WrongReasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_counted_as_one_and_its_caller_rests()
    {
        await using var server = new CannedServer { Instead = (_, _) => CannedServer.Answer("503 Service Unavailable", "{\"code\":\"no-leader\"}") };
        LoadResult result = await RunAsync(Part.ParallelSet, 2, server);

        Assert.Equal((0, 0, 0), (result.Right, result.Wrong, result.Unanswered));
        Assert.InRange(result.Refused, 2, 2 * Short.TotalMilliseconds / 10);
        Assert.Contains("no-leader", result.Failures[0], StringComparison.Ordinal);
        Assert.True(result.LongestWriteGap >= Short - TimeSpan.FromMilliseconds(2), $"{result}");
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_left_for_another_and_no_write_is_thought_to_be_acknowledged()
    {
        await using var good = new CannedServer();
        await using var bad = new CannedServer { Instead = (_, _) => "" };
        var acknowledged = new AcknowledgedKeys(KeyCount);
        LoadResult result = await RunUntilAsync(() => bad.Asked > 0 && good.Asked > KeyCount, Part.Mix(0.5), 2, acknowledged, bad, good);

        Assert.Equal(0, result.Wrong);
        Assert.InRange(result.Unanswered, 1, bad.Asked);
        Assert.True(result.Right > 10, $"{result}");
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_given_up_at_its_time()
    {
        var never = new TaskCompletionSource();
        await using var server = new CannedServer { Before = () => never.Task };
        LoadResult result = await RunAsync(Part.Set, 1, null, TimeSpan.FromMilliseconds(150), new AcknowledgedKeys(KeyCount), server);
        never.SetResult();

        Assert.Equal(0, result.Right);
        Assert.InRange(result.Unanswered, 1, 4);
    }

    /// <summary>The reason for the open loop: a closed one sends nothing while the server stalls, and so has one slow request to tell of.</summary>
    [Fact]
    public async Task In_the_open_loop_a_stall_is_charged_to_all_that_were_due_meanwhile()
    {
        const int stall = 200;
        const int rate = 500;
        int asked = 0;
        await using var server = new CannedServer
        {
            Before = () => Interlocked.Increment(ref asked) == rate / 10 ? Task.Delay(stall, TestContext.Current.CancellationToken) : Task.CompletedTask,
        };
        LoadResult open = await RunAsync(Part.Set, 1, rate, null, new AcknowledgedKeys(KeyCount), server);

        Assert.Equal(rate * Short.TotalSeconds, open.Right + open.NotSent);
        // One of them waited for the whole stall, those due during it less and less: half of the stall's requests waited for half of it,
        // unless the machine was so busy that some had not been sent at the end, which is said.
        double slow = Enumerable.Range(1, 1_000).Count(i => Latencies.At(open.All, i / 10.0).TotalMilliseconds > stall / 2.0) / 1_000.0 * open.Right;
        Assert.True(slow + open.NotSent >= rate * (stall / 2_000.0) * 0.8, $"only {slow} of {open.Right} were slow, {open.NotSent} were not sent");
    }

    [Fact]
    public void An_owner_that_fails_is_forgotten_and_servers_are_bounded()
    {
        var owners = new Owners(["127.0.0.1:1", "127.0.0.1:2"]);
        Assert.False(owners.KnowsAny);
        Endpoint third = owners.Learn(5, "127.0.0.1:3")!;
        owners.Learn(6, "127.0.0.1:2");
        owners.Learn(Slot.Count - 1, "127.0.0.1:3");
        Assert.Equal((third, third, 1), (owners.Of(5), owners.Of(Slot.Count - 1), owners.Of(6)!.Number));

        owners.Forget(third);
        Assert.Null(owners.Of(5));
        Assert.Null(owners.Of(Slot.Count - 1));
        Assert.NotNull(owners.Of(6));

        for (int port = 100; port < 100 + (2 * Owners.MaxEndpoints); port++) owners.Learn(7, $"127.0.0.1:{port}");
        Assert.Equal(Owners.MaxEndpoints, owners.All.Count);
        Assert.Null(owners.Learn(8, "127.0.0.1:9999"));
        Assert.Null(owners.Learn(8, "nowhere.invalid:1"));
    }
}
