using System.IO.Pipelines;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Many;
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

    private readonly HandClock clock = new();

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
    public async Task Without_room_for_its_answer_a_transaction_that_reads_is_not_carried_out_and_one_that_does_not_is()
    {
        await using TestNode node = await TestNode.StartAsync();
        long held = AnswerBudget.DefaultBytes; // by answers that no peer takes
        var handler = new ForwardHandler(node.Host.Dispatcher.AnswerAsync, new AnswerBudget(() => held));
        byte[] reads = [.. "{\"then\":[{\"op\":\"add\",\"key\":\"a\",\"value\":1},{\"op\":\"get\",\"key\":\"a\"}]}"u8];
        ForwardedAnswer? refused = await AskAsync(handler, "POST", "/txn", reads);
        Assert.Equal((429, 0), (refused!.Status, node.Shard.Writes));
        Assert.Contains("\"not-applied\"", System.Text.Encoding.UTF8.GetString(refused.Body.Span), StringComparison.Ordinal);
        Assert.Equal(200, (await AskAsync(handler, "POST", "/txn", [.. "{\"then\":[{\"op\":\"delete\",\"key\":\"a\"}]}"u8]))?.Status);
        held = 0;
        Assert.Equal(200, (await AskAsync(handler, "POST", "/txn", reads))?.Status);
        Assert.Equal(2, node.Shard.Writes);
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
        var asker = new ForwardClient(new Calls(_ => Answer(201, [])), new ApiSettings { AdvertisedApi = "me:8001", MaxValueBytes = LargeBytes }, new SlowClients(clock));
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
        var asker = new ForwardClient(new Calls(_ => Answer(200, value)), new ApiSettings { AdvertisedApi = "me:8001" }, new SlowClients(clock));
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

    [Fact]
    public async Task Where_a_forwarded_read_finds_no_room_the_client_that_took_nothing_for_longest_is_cut_off()
    {
        byte[] value = new byte[LargeBytes];
        var asker = new ForwardClient(new Calls(_ => Answer(200, value)), new ApiSettings { AdvertisedApi = "me:8001" }, new SlowClients(clock));
        var slow = new List<(Task Asked, SlowReader Reader)>();
        for (int n = 0; n < LargeOnesThatFit; n++)
        {
            var reader = new SlowReader();
            slow.Add((asker.SendAsync(Context("GET", reader, request: reader), Owner, null), reader));
            await reader.Begun.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        Assert.Equal(429, await ReadAsync());
        Assert.All(slow, one => Assert.False(one.Reader.IsCutOff, "it has its time"));
        clock.Pass(ManyLimits.LongestStandstill);
        Assert.Equal(429, await ReadAsync());
        await slow[0].Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(slow[0].Reader.IsCutOff);
        Assert.All(slow[1..], one => Assert.False(one.Reader.IsCutOff, "one is enough"));
        Assert.Equal(200, await ReadAsync());
        foreach ((_, SlowReader reader) in slow[1..]) reader.Take();
        await Task.WhenAll(slow.Select(one => one.Asked)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.All(slow[1..], one => Assert.Equal(LargeBytes, one.Reader.Bytes));

        async Task<int> ReadAsync()
        {
            HttpContext context = Context("GET", new MemoryStream());
            await asker.SendAsync(context, Owner, null);
            return context.Response.StatusCode;
        }
    }

    [Fact]
    public async Task A_transaction_that_reads_has_room_for_its_answer_before_it_is_passed_on_or_is_not_passed_on()
    {
        int passedOn = 0;
        var owner = new List<Action<CallResult>>();
        var asker = new ForwardClient(new LateCalls(done => (passedOn, owner) = (passedOn + 1, [.. owner, done])), new ApiSettings { AdvertisedApi = "me:8001" }, new SlowClients(clock));
        var asked = new List<(Task Asked, PassedTxn Txn, SlowReader Reader, HttpContext Context)>();
        for (int n = 0; n < ManyLimits.MaxAnswerBytes / ManyLimits.AnswerShareBytes; n++) asked.Add(Begin(reads: true));
        Assert.Equal(asked.Count, passedOn);

        // No room is left: not even those that only write take any, and those that read are told so while it is still true that nothing was done.
        (Task Asked, PassedTxn Txn, SlowReader Reader, HttpContext Context) refused = Begin(reads: true);
        (Task Asked, PassedTxn Txn, SlowReader Reader, HttpContext Context) written = Begin(reads: false);
        Assert.Equal(asked.Count + 1, passedOn);
        clock.Pass(ManyLimits.LongestStandstill);
        refused.Reader.Take();
        await refused.Asked.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal((429, null), (refused.Context.Response.StatusCode, refused.Txn.Answer));
        Assert.Equal(asked.Count + 1, passedOn);

        // They are counted with what their answers are: 16 large ones that nobody takes are all that there is room for.
        byte[] value = new byte[LargeBytes];
        foreach (Action<CallResult> done in owner[..LargeOnesThatFit]) done(Answer(200, value));
        foreach (Action<CallResult> done in owner[LargeOnesThatFit..]) done(Answer(200, new byte[10]));
        await Task.WhenAll([written.Asked, .. asked.Select(one => one.Asked)]).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Task[] slow = [.. asked[..LargeOnesThatFit].Select(one => PassBackAsync(one.Context, one.Txn))];
        foreach ((_, PassedTxn txn, SlowReader reader, HttpContext context) in asked[LargeOnesThatFit..])
        {
            reader.Take();
            await PassBackAsync(context, txn);
            Assert.Equal((200, 10), (context.Response.StatusCode, reader.Bytes));
        }

        Assert.All(slow, one => Assert.False(one.IsCompleted));
        (Task Asked, PassedTxn Txn, SlowReader Reader, HttpContext Context) next = Begin(reads: true);
        Assert.False(next.Asked.IsCompleted);
        Assert.Equal(asked.Count + 1, passedOn); // it waits for room,
        asked[0].Reader.Take();
        await slow[0].WaitAsync(Patience, TestContext.Current.CancellationToken);
        await UntilAsync(() => passedOn == asked.Count + 2); // and has it
        Assert.Equal(LargeBytes, asked[0].Reader.Bytes);
        foreach ((_, _, SlowReader reader, _) in asked[1..LargeOnesThatFit]) reader.Take();
        await Task.WhenAll(slow).WaitAsync(Patience, TestContext.Current.CancellationToken);

        (Task, PassedTxn, SlowReader, HttpContext) Begin(bool reads)
        {
            var reader = new SlowReader();
            HttpContext context = Context("POST", reader, request: reader);
            var txn = new PassedTxn(reads);
            return (asker.SendAsync(context, Owner, new byte[10], txn), txn, reader, context);
        }

        async Task PassBackAsync(HttpContext context, PassedTxn txn)
        {
            using (txn) await asker.PassBackAsync(context, txn, null);
        }
    }

    [Fact]
    public async Task A_transaction_that_reads_takes_its_place_also_where_it_is_not_carried_out_here()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { ReadingTransactions = 1 });
        node.Host.Dispatcher.Elsewhere.Attach(new TwoNodes().Member, null!); // it knows no owner of any slot, and waits a second for one
        const string Read = """{"then":[{"op":"get","key":"{t}a"}]}""";
        int[] statuses = [];
        for (int tries = 0; tries < 5 && !statuses.Contains(429); tries++) // should one of them be over before the other has come
            statuses = [.. (await Task.WhenAll(node.AskAsync("POST", "/txn", body: Read), node.AskAsync("POST", "/txn", body: Read))).Select(one => one.Status).Order()];
        Assert.Equal([429, 503], statuses);
        Assert.Equal(503, (await node.AskAsync("POST", "/txn", body: Read)).Status); // the place was given back
    }

    [Fact]
    public async Task What_a_transaction_answers_elsewhere_is_passed_back()
    {
        var nodes = new TwoNodes();
        nodes.Until("they have met", () => nodes.Router.View.FindAt("member:8001") is not null);
        await using TestNode node = await TestNode.StartAsync(settings => settings with { Routing = RoutingMode.Proxy, ReadingTransactions = 1 });
        ReadOnlyMemory<byte> passed = default;
        var asker = new ForwardClient(
            new Calls(body =>
            {
                passed = body;
                return Answer(200, "as the owner says"u8.ToArray());
            }),
            node.Host.Settings,
            node.Host.Dispatcher.Elsewhere.Clients);
        const string Read = """{"then":[{"op":"get","key":"{t}a"}]}""";
        for (int n = 0; n < 3; n++)
        {
            // The leader changes while the transaction is in its hands.
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            node.Host.Dispatcher.Elsewhere.Attach(null!, null!);
            (node.Shard.Gate, node.Shard.Refusal) = (gate.Task, new Gache.Replication.Refusal(Gache.Replication.RefusalCode.NotLeader, "another leads", "member:8001"));
            int before = node.Shard.Waiting;
            Task<RawAnswer> asked = node.AskAsync("POST", "/txn", body: Read);
            await UntilAsync(() => node.Shard.Waiting > before);
            node.Host.Dispatcher.Elsewhere.Attach(nodes.Router, asker);
            gate.SetResult();
            RawAnswer answer = await asked;
            Assert.Equal((200, "as the owner says"), (answer.Status, answer.Text));
            Assert.Equal(Read, System.Text.Encoding.UTF8.GetString(ForwardedRequest.Parse(passed)!.Body.Span));
        }
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
        var asker = new ForwardClient(new Calls(_ => new CallResult(outcome, default, "in words", isOverBound)), new ApiSettings { AdvertisedApi = "me:8001" }, new SlowClients(clock));
        HttpContext context = Context(method, new MemoryStream());
        await asker.SendAsync(context, Owner, ReadOnlyMemory<byte>.Empty);
        Assert.Equal(status, context.Response.StatusCode);
    }

    [Fact]
    public async Task A_request_that_waits_is_passed_on_with_what_is_left_of_its_wait_and_ends_when_its_client_goes()
    {
        var calls = new WaitingCalls();
        var asker = new ForwardClient(calls, new ApiSettings { AdvertisedApi = "me:8001" }, new SlowClients(clock));
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

    private static async Task UntilAsync(Func<bool> isSo)
    {
        var patience = new CancellationTokenSource(Patience);
        while (!isSo()) await Task.Delay(5, patience.Token);
    }

    private static DefaultHttpContext Context(string method, Stream answer, Stream? body = null, long length = 0, IHttpRequestLifetimeFeature? request = null)
    {
        var head = new HttpRequestFeature { Method = method, RawTarget = "/key/a", Body = body ?? new MemoryStream() };
        if (length > 0) head.Headers.ContentLength = length;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(head);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        if (request is not null) features.Set(request);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        return new DefaultHttpContext(features);
    }

    private sealed class Calls(Func<ReadOnlyMemory<byte>, CallResult> end) : ICalls
    {
        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) => done(end(body));
    }

    private sealed class LateCalls(Action<Action<CallResult>> begun) : ICalls
    {
        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) => begun(done);
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
    private sealed class SlowReader : MemoryStream, IHttpRequestLifetimeFeature
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource taking = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public CancellationToken RequestAborted { get; set; }

        public bool IsCutOff { get; private set; }

        public void Abort()
        {
            IsCutOff = true;
            taking.TrySetResult();
        }

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
