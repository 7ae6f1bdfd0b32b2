using System.IO.Pipelines;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Gache.Server.Tests.Routing;

/// <summary>What forwarded requests hold is bounded at both ends (P10), and what is said of them is the truth (P11).</summary>
public sealed class ForwardBoundsTests
{
    private const int ValueBytes = 1024 * 1024;
    private const int LargeBytes = 8 * 1024 * 1024;
    private const int LargeOnesThatFit = 16; // 128 MiB
    private static readonly ClusterPeer Owner = new(new NodeId(2), "owner:8001", "owner:9001");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_owner_answers_as_it_would_a_client_and_gives_the_room_back()
    {
        await using TestNode node = await TestNode.StartAsync();
        byte[] value = new byte[ValueBytes];
        new Random(1).NextBytes(value);
        var handler = new ForwardHandler(node.Host.Dispatcher.AnswerAsync, new AnswerBudget(() => 0, ValueBytes + 1_000)); // room for one
        ForwardedAnswer? put = await AskAsync(handler, "PUT", "/key/a", value);
        Assert.Equal(201, put?.Status);
        for (int n = 0; n < 3; n++)
        {
            ForwardedAnswer? get = await AskAsync(handler, "GET", "/key/a");
            Assert.Equal((200, true), (get!.Status, get.Body.Span.SequenceEqual(value)));
            Assert.Contains(get.Headers, header => header is { Key: "Content-Length", Value: "1048576" });
            Assert.Contains(get.Headers, header => header is { Key: "ETag", Value: "\"1\"" });
        }

        ForwardedAnswer? head = await AskAsync(handler, "HEAD", "/key/a");
        Assert.Equal((200, 0), (head!.Status, head.Body.Length));
        Assert.Equal(404, (await AskAsync(handler, "GET", "/key/b"))?.Status);
    }

    [Fact]
    public async Task Without_room_for_its_answer_a_read_is_429_and_a_write_is_answered_all_the_same()
    {
        await using TestNode node = await TestNode.StartAsync();
        long held = 0;
        var handler = new ForwardHandler(node.Host.Dispatcher.AnswerAsync, new AnswerBudget(() => held));
        Assert.Equal(201, (await AskAsync(handler, "PUT", "/key/a", new byte[ValueBytes]))?.Status);
        held = AnswerBudget.DefaultBytes - ValueBytes + 1; // by answers that no peer takes

        ForwardedAnswer? read = await AskAsync(handler, "GET", "/key/a");
        Assert.Equal(429, read?.Status);
        Assert.True(read!.Body.Length < 1_000);
        Assert.Contains("\"overloaded\"", System.Text.Encoding.UTF8.GetString(read.Body.Span), StringComparison.Ordinal);
        Assert.DoesNotContain(read.Headers, header => header.Key == "ETag");
        Assert.Contains(read.Headers, header => header.Key == "Retry-After");

        held = AnswerBudget.DefaultBytes + 1;
        Assert.Equal(200, (await AskAsync(handler, "PUT", "/key/a", new byte[10]))?.Status);
        held = 0;
        Assert.Equal((200, 10), (await AskAsync(handler, "GET", "/key/a") is { } now ? now.Status : 0, node.Shard.Stored("a"u8)!.Length));
    }

    [Fact]
    public async Task A_request_that_the_owner_gave_up_gets_no_answer_and_never_an_empty_200()
    {
        var handler = new ForwardHandler(
            context =>
            {
                context.Abort();
                return Task.CompletedTask;
            },
            new AnswerBudget(() => 0));
        Assert.Null(await AskAsync(handler, "PUT", "/key/a", new byte[10]));
    }

    [Fact]
    public async Task A_fault_after_an_answer_has_begun_is_no_answer()
    {
        var handler = new ForwardHandler(
            async context =>
            {
                await context.Response.Body.WriteAsync(new byte[10]);
                Assert.True(context.Response.HasStarted);
                context.Abort();
            },
            new AnswerBudget(() => 0));
        Assert.Null(await AskAsync(handler, "GET", "/key/a"));
    }

    [Fact]
    public async Task The_asker_takes_room_for_a_body_before_it_allocates_it()
    {
        var asker = new ForwardClient(new Calls(_ => Answer(201, [])), new ApiSettings { AdvertisedApi = "me:8001", MaxValueBytes = LargeBytes });
        var slow = new List<(Task Asked, HttpContext Context, Pipe Body)>();
        for (int n = 0; n < LargeOnesThatFit; n++) slow.Add(Begin());
        Assert.All(slow, one => Assert.False(one.Asked.IsCompleted));

        (Task asked, HttpContext refused, _) = Begin();
        await asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(429, refused.Response.StatusCode);

        foreach ((_, _, Pipe body) in slow) await body.Writer.CompleteAsync();
        await Task.WhenAll(slow.Select(one => one.Asked)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.All(slow, one => Assert.Equal(201, one.Context.Response.StatusCode));

        (Task Asked, HttpContext Context, Pipe Body) Begin()
        {
            var body = new Pipe();
            HttpContext context = Context("PUT", new MemoryStream(), body.Reader.AsStream(), LargeBytes);
            return (asker.SendAsync(context, Owner, null), context, body);
        }
    }

    [Fact]
    public async Task Answers_that_slow_clients_do_not_take_are_bounded_and_leave_in_slices()
    {
        byte[] value = new byte[LargeBytes];
        var asker = new ForwardClient(new Calls(_ => Answer(200, value)), new ApiSettings { AdvertisedApi = "me:8001" });
        var slow = new List<(Task Asked, SlowReader Reader)>();
        for (int n = 0; n < LargeOnesThatFit; n++)
        {
            var reader = new SlowReader();
            slow.Add((asker.SendAsync(Context("GET", reader), Owner, null), reader));
            await reader.Begun.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        HttpContext refused = Context("GET", new MemoryStream());
        await asker.SendAsync(refused, Owner, null);
        Assert.Equal(429, refused.Response.StatusCode);
        HttpContext written = Context("DELETE", new MemoryStream());
        await asker.SendAsync(written, Owner, ReadOnlyMemory<byte>.Empty);
        Assert.Equal(200, written.Response.StatusCode); // it was carried out

        foreach ((_, SlowReader reader) in slow) reader.Take();
        await Task.WhenAll(slow.Select(one => one.Asked)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.All(slow, one => Assert.Equal((LargeBytes, 64 * 1024), (one.Reader.Bytes, one.Reader.Largest)));
        HttpContext again = Context("GET", new MemoryStream());
        await asker.SendAsync(again, Owner, null);
        Assert.Equal(200, again.Response.StatusCode);
    }

    [Theory]
    [InlineData("GET", CallOutcome.NotSent, true, 429)]
    [InlineData("PUT", CallOutcome.NotSent, true, 429)]
    [InlineData("PUT", CallOutcome.Refused, true, 429)]
    [InlineData("GET", CallOutcome.Unknown, true, 429)] // it was read, and there was no memory for the answer
    [InlineData("PUT", CallOutcome.Unknown, true, 504)]
    [InlineData("PUT", CallOutcome.Unknown, false, 504)]
    [InlineData("GET", CallOutcome.NotSent, false, 503)]
    [InlineData("PUT", CallOutcome.Refused, false, 503)]
    public async Task A_bound_that_was_met_on_the_way_is_429_and_what_may_have_arrived_is_504(string method, CallOutcome outcome, bool isOverBound, int status)
    {
        var asker = new ForwardClient(new Calls(_ => new CallResult(outcome, default, "in words", isOverBound)), new ApiSettings { AdvertisedApi = "me:8001" });
        HttpContext context = Context(method, new MemoryStream());
        await asker.SendAsync(context, Owner, ReadOnlyMemory<byte>.Empty);
        Assert.Equal(status, context.Response.StatusCode);
    }

    [Fact]
    public async Task A_request_that_waits_is_passed_on_with_what_is_left_of_its_wait_and_ends_when_its_client_goes()
    {
        var calls = new WaitingCalls();
        var asker = new ForwardClient(calls, new ApiSettings { AdvertisedApi = "me:8001" });
        HttpContext context = Context("GET", new MemoryStream());
        var gone = new CancellationTokenSource();
        context.RequestAborted = gone.Token;
        _ = WaitTime.Begin(context, TimeSpan.FromMinutes(4), isForwarded: false);
        Task asked = asker.SendAsync(context, Owner, ReadOnlyMemory<byte>.Empty);
        Assert.False(asked.IsCompleted);
        Assert.Equal(CallKind.ForwardWait, calls.Kind);
        Assert.InRange(calls.Timeout, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(4) + TimeSpan.FromSeconds(6));

        // At the owner the rest of the time counts, not the whole.
        await using TestNode node = await TestNode.StartAsync();
        var handler = new ForwardHandler(node.Host.Dispatcher.AnswerAsync, new AnswerBudget(() => 0));
        ForwardedRequest passed = ForwardedRequest.Parse(new ForwardedRequest(
            1, "GET", "/key/a?wait=5m", [new("If-None-Match", "7"), .. ForwardedRequest.Parse(calls.Body)!.Headers], default).Encode())!;
        await handler.AnswerAsync(passed, _ => { }, TestContext.Current.CancellationToken);
        Assert.InRange(node.Shard.LastWait.Wait, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(4));

        await gone.CancelAsync();
        Assert.True(calls.GivenUp.IsCancellationRequested);
        calls.Done(new CallResult(CallOutcome.Unknown, default, "it was given up"));
        await asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private static CallResult Answer(int status, byte[] body)
    {
        var writer = new ByteWriter();
        int lengthAt = ForwardedAnswer.WriteHead(writer, status, new HeaderDictionary());
        writer.PatchUInt32(lengthAt, (uint)body.Length);
        writer.WriteBytes(body);
        return new CallResult(CallOutcome.Answered, writer.WrittenMemory, "");
    }

    private static async Task<ForwardedAnswer?> AskAsync(ForwardHandler handler, string method, string target, byte[]? body = null)
    {
        ReadOnlyMemory<byte> answer = default;
        await handler.AnswerAsync(ForwardedRequest.Parse(new ForwardedRequest(1, method, target, [], body).Encode())!, bytes => answer = bytes);
        return answer.IsEmpty ? null : ForwardedAnswer.Parse(answer);
    }

    private static DefaultHttpContext Context(string method, Stream answer, Stream? body = null, long length = 0)
    {
        var head = new HttpRequestFeature { Method = method, RawTarget = "/key/a", Body = body ?? new MemoryStream() };
        if (length > 0) head.Headers.ContentLength = length;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(head);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        return new DefaultHttpContext(features);
    }

    private sealed class Calls(Func<ReadOnlyMemory<byte>, CallResult> end) : ICalls
    {
        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) => done(end(body));
    }

    private sealed class WaitingCalls : ICalls
    {
        public CallKind Kind { get; private set; }

        public ReadOnlyMemory<byte> Body { get; private set; }

        public TimeSpan Timeout { get; private set; }

        public CancellationToken GivenUp { get; private set; }

        public Action<CallResult> Done { get; private set; } = _ => { };

        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) =>
            throw new InvalidOperationException("it waits");

        public void Call(
            string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done, CancellationToken givenUp) =>
            (Kind, Body, Timeout, Done, GivenUp) = (kind, body, timeout, done, givenUp);
    }

    /// <summary>A client that takes nothing until it is told to.</summary>
    private sealed class SlowReader : MemoryStream
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource taking = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public int Bytes { get; private set; }

        public int Largest { get; private set; }

        public void Take() => taking.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            begun.TrySetResult();
            await taking.Task;
            (Bytes, Largest) = (Bytes + buffer.Length, Math.Max(Largest, buffer.Length));
        }
    }
}
