using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Gache.Server.Http.Many;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>Clients that do not take their answers, or do not bring their bodies, must not keep others from theirs (P10).</summary>
public sealed class SlowClientsTests
{
    private const int LargeBytes = 512 * 1024;
    private const int Large = 16; // together more than the buffers of both ends of a connection hold

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_client_that_takes_nothing_is_cut_off_where_another_finds_no_room()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { BatchBodiesBytes = 256 * 1024 });
        Assert.Equal(200, (await node.AskAsync("POST", "/key/large", body: new string('v', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        long began = Stopwatch.GetTimestamp(); // before it can stand still: this thread may go on long after it does
        await SendBatchAsync(reader, 200 * 1024);
        RawAnswer other = await UntilAsync(node, status => status == 429);
        Problem.Is(other, 429, "overloaded", isRetryable: true);
        await UntilAsync(node, status => status == 200);
        Assert.True(Stopwatch.GetElapsedTime(began) >= ManyLimits.LongestStandstill, "it had its time");
        byte[] taken = await reader.ReadToEndAsync();
        Assert.True(taken.Length < Large * LargeBytes, "it was cut off in the midst of its answer");
    }

    [Fact]
    public async Task A_client_that_takes_nothing_for_long_gets_all_where_nobody_needs_the_room()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal(200, (await node.AskAsync("POST", "/key/large", body: new string('v', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        await SendBatchAsync(reader, 200 * 1024, "Connection: close\r\n");
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < ManyLimits.LongestStandstill * 1.2) await UntilAsync(node, status => status == 200);
        Assert.Equal(Large, Encoding.ASCII.GetString(await reader.ReadToEndAsync()).Split("\"status\":200").Length - 1);
    }

    [Fact]
    public async Task A_sender_that_brings_nothing_more_of_its_body_is_cut_off_where_another_finds_no_room()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { BatchBodiesBytes = 256 * 1024 });
        using RawConnection sender = await node.ConnectAsync();
        long began = Stopwatch.GetTimestamp(); // as above
        await sender.SendAsync($"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {300 * 1024}\r\n\r\n" + new string(' ', 250 * 1024));
        await UntilAsync(node, status => status == 429);
        await UntilAsync(node, status => status == 200);
        Assert.True(Stopwatch.GetElapsedTime(began) >= ManyLimits.LongestStandstill, "it had its time");
        Assert.True(await sender.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_takes_nothing_of_a_transactions_answer_keeps_no_share_of_bodies_and_is_cut_off_where_its_place_is_needed()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { BatchBodiesBytes = 256 * 1024, ReadingTransactions = 1 });
        string gets = string.Join(',', Enumerable.Range(0, 3).Select(n => $"{{\"op\":\"get\",\"key\":\"{{t}}{n}\"}}"));
        for (int n = 0; n < 3; n++) Assert.Equal(200, (await node.AskAsync("POST", $"/key/%7Bt%7D{n}", body: new string('\u0001', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        string body = $"{{\"then\":[{gets}]}}".PadRight(250 * 1024);
        long began = Stopwatch.GetTimestamp(); // as above
        await reader.SendAsync($"POST /txn HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}"); // answered with 9 MiB of \\u0001
        await reader.BeginsAsync();
        Assert.Equal(200, (await node.AskAsync("POST", "/txn", body: """{"then":[{"op":"delete","key":"none"}]}""")).Status);
        Problem.Is(await UntilAsync(node, status => status == 429, "/txn", ReadsNone), 429, "overloaded", isRetryable: true);
        await UntilAsync(node, status => status == 200, "/txn", ReadsNone);
        Assert.True(Stopwatch.GetElapsedTime(began) >= ManyLimits.LongestStandstill, "it had its time");
        Assert.True((await reader.ReadToEndAsync()).Length < 3 * 6 * LargeBytes, "it was cut off in the midst of its answer");
    }

    [Fact]
    public async Task A_client_that_takes_nothing_of_small_answers_of_transactions_is_cut_off_too()
    {
        const int SmallBytes = 60 * 1024; // not above what is called large
        const int Asked = 40;
        await using TestNode node = await TestNode.StartAsync(settings => settings with { ReadingTransactions = 1 });
        Assert.Equal(200, (await node.AskAsync("POST", "/key/small", body: new string('\u0001', SmallBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        const string Body = """{"then":[{"op":"get","key":"small"}]}""";
        await reader.SendAsync(string.Concat(Enumerable.Repeat($"POST /txn HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Body.Length}\r\n\r\n{Body}", Asked)));
        await reader.BeginsAsync();
        int refusals = 0;
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < ManyLimits.LongestStandstill;)
        {
            if ((await node.AskAsync("POST", "/txn", body: ReadsNone)).Status == 429) refusals++;
        }

        Assert.True(refusals > 0);
        await UntilAsync(node, status => status == 200, "/txn", ReadsNone);
        Assert.True((await reader.ReadToEndAsync()).Length < Asked * 6 * SmallBytes, "it was cut off in the midst of its answers");
    }

    [Fact]
    public async Task Nobody_is_cut_off_for_want_of_what_it_does_not_hold()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { ReadingTransactions = 1 });
        Assert.Equal(200, (await node.AskAsync("POST", "/key/large", body: new string('v', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        await SendBatchAsync(reader, 200 * 1024, "Connection: close\r\n");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Shard.Gate = gate.Task;
        Task<RawAnswer> carriedOut = node.AskAsync("POST", "/txn", body: ReadsNone);
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < ManyLimits.LongestStandstill * 1.2)
        {
            if (node.Shard.Waiting > 0) Assert.Equal(429, (await node.AskAsync("POST", "/txn", body: ReadsNone)).Status);
        }

        gate.SetResult();
        Assert.Equal(200, (await carriedOut).Status);
        Assert.Equal(Large, Encoding.ASCII.GetString(await reader.ReadToEndAsync()).Split("\"status\":200").Length - 1);
    }

    [Fact]
    public void Of_those_that_hold_some_of_it_the_slowest_is_cut_off_and_one_at_a_time()
    {
        var clock = new HandClock();
        var clients = new SlowClients(clock);
        object full = new();
        Client other = Slow(new object());
        Client first = Slow(full);
        Client second = Slow(full);
        clock.Pass(ManyLimits.LongestStandstill / 2);
        Client late = Slow(full);
        Assert.False(clients.MakeRoom(full));
        clock.Pass(ManyLimits.LongestStandstill / 2);
        first.Bring(ManyLimits.SliceBytes); // it goes on
        second.Bring(ManyLimits.SliceBytes - 1); // not what counts as going on
        for (int n = 0; n < 3; n++) Assert.True(clients.MakeRoom(full));
        Assert.Equal((0, 0, 1, 0), (other.Aborts, first.Aborts, second.Aborts, late.Aborts));
        second.End();
        Assert.False(clients.MakeRoom(full));
        clock.Pass(ManyLimits.LongestStandstill);
        Assert.True(clients.MakeRoom(full));
        Assert.Equal((0, 0, 1), (other.Aborts, first.Aborts, late.Aborts));

        Client Slow(object held)
        {
            var client = new Client();
            client.Begin(clients, held);
            return client;
        }
    }

    private const string ReadsNone = """{"then":[{"op":"get","key":"none"}]}""";

    private static async Task SendBatchAsync(RawConnection reader, int bodyBytes, string header = "")
    {
        string body = string.Concat(Enumerable.Repeat("{\"op\":\"get\",\"key\":\"large\"}\n", Large)).PadRight(bodyBytes);
        await reader.SendAsync($"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n{header}\r\n{body}");
        await reader.BeginsAsync();
    }

    private static async Task<RawAnswer> UntilAsync(TestNode node, Func<int, bool> isWanted, string target = "/batch", string body = "{\"op\":\"get\",\"key\":\"none\"}")
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            RawAnswer answer = await node.AskAsync("POST", target, body: body);
            if (isWanted(answer.Status)) return answer;
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"still {answer.Status}");
        }
    }

    /// <summary>A client whose body comes as the test says.</summary>
    private sealed class Client : IHttpRequestLifetimeFeature
    {
        private SlowClients.Sender? sender;
        private int brought;

        public int Aborts { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => Aborts++;

        public void Begin(SlowClients clients, object held)
        {
            var context = new DefaultHttpContext();
            context.Features.Set<IHttpRequestLifetimeFeature>(this);
            sender = clients.Receive(context, held);
            Bring(0);
        }

        public void Bring(int bytes) => _ = sender!.WaitAsync(new ValueTask<ReadResult>(new TaskCompletionSource<ReadResult>().Task), brought += bytes).AsTask();

        public void End()
        {
            int before = Aborts;
            sender!.Dispose();
            Aborts = before;
        }
    }
}
