using System.Collections.Concurrent;
using System.Globalization;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Requests;
using Gache.Server.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>Lines about requests: none unless asked for or slow, and never a value, a query, or more of a key than was allowed.</summary>
/// <remarks>Alone in the process: it looks at a figure, and nodes of one process share their meter's name.</remarks>
[Collection(nameof(AloneInTheProcess))]
public sealed class RequestLogTests : IDisposable
{
    private readonly Lines log = new();
    private long now = 1_000_000;
    private long looks; // at the clock

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task Without_options_a_request_in_time_is_not_logged_at_all()
    {
        await using TestNode node = await StartAsync(settings => settings);
        await node.AskAsync("POST", "/key/a", body: "v");
        await node.AskAsync("GET", "/key/a");
        Assert.Empty(log.Of(403, 404));
    }

    [Fact]
    public async Task The_access_log_has_a_line_a_request_with_its_status_and_neither_query_key_nor_value()
    {
        await using TestNode node = await StartAsync(settings => settings with { IsAccessLogged = true });
        await node.AskAsync("POST", "/key/secret?ttl=30s", body: "value");
        await log.UntilAsync(1, 403); // the line comes after the answer, and may come after the next one's on another connection
        await node.AskAsync("GET", "/key/secret");
        await log.UntilAsync(2, 403);
        await node.AskAsync("GET", "/key/%2");
        await log.UntilAsync(3, 403);
        await node.AskAsync("GET", "/livez");
        string[] lines = await log.UntilAsync(4, 403);

        string hash = lines[0].Split(' ')[1];
        Assert.Matches("^/key/sha256:[0-9a-f]{16}$", hash);
        Assert.Equal([$"POST {hash} 200 0 ms", $"GET {hash} 200 0 ms", "GET /key/malformed 400 0 ms", "GET /livez 200 0 ms"], lines);
    }

    [Theory]
    [InlineData("none", "/key/a", "/key/*")]
    [InlineData("prefix", "/key/a%20b", "/key/a%20b")]
    [InlineData("prefix", "/key/0123456789012345678901234567890123456789", "/key/01234567890123456789012345678901...")]
    [InlineData("hash", "/nothing%0d%0a?prefix=secret", "/nothing%0d%0a")]
    [InlineData("hash", "/key/", "/key/malformed")]
    public void A_request_is_named_by_as_much_as_was_allowed(string keys, string target, string name) =>
        Assert.Equal(name, RequestName.Of(target, Enum.Parse<LoggedKeys>(keys, ignoreCase: true)));

    [Fact]
    public void The_hash_is_of_the_key_and_not_of_how_it_was_escaped() =>
        Assert.Equal(RequestName.Of("/key/a%62", LoggedKeys.Hash), RequestName.Of("http://x/key/ab?level=stale", LoggedKeys.Hash));

    [Fact]
    public async Task A_slow_request_is_told_with_the_stage_that_it_waited_for_and_counted()
    {
        await using TestNode node = await StartAsync(settings => settings with { SlowRequest = TimeSpan.FromMilliseconds(500) });
        Sync(node, milliseconds: 600);
        await SlowAsync(node, "POST", "/key/secret", milliseconds: 700);

        string line = Assert.Single(await log.UntilAsync(1, 404));
        Assert.Matches("^slow: POST /key/sha256:[0-9a-f]{16} took 700 ms and was answered 200; slowest stage: fsync, 600 ms$", line);
        Assert.Contains("gache_http_slow_requests_total{otel_scope_name=\"gache\"} 1", (await node.AskAsync("GET", "/metrics")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replicate", "replicate")]
    [InlineData("apply", "apply")]
    [InlineData("queue", "queue")]
    [InlineData("", "confirm")] // a read of which no stage of a write was slow
    public async Task The_stage_is_the_one_that_took_long(string slow, string named)
    {
        await using TestNode node = await StartAsync(settings => settings with { SlowRequest = TimeSpan.FromMilliseconds(500) });
        StageTimes stages = node.Shard.Stages!;
        long to = TimeProvider.System.GetTimestamp();
        long from = to - TimeProvider.System.TimestampFrequency;
        if (slow == "replicate") stages.Replicate.Add(from, to);
        if (slow == "apply") stages.Apply.Add(from, to);
        if (slow == "queue") stages.Queue.Add(from, to);
        await SlowAsync(node, "GET", "/key/a", milliseconds: 1_200);
        Assert.Contains($"slowest stage: {named}, ", Assert.Single(await log.UntilAsync(1, 404)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_slow_requests_is_a_few_lines_a_second_and_the_rest_is_counted()
    {
        await using TestNode node = await StartAsync(settings => settings with { SlowRequest = TimeSpan.FromMilliseconds(500) });
        for (int n = 0; n < RequestLog.MaxSlowLinesASecond + 3; n++) await SlowAsync(node, "GET", "/key/a", milliseconds: 600, goBack: true);
        Assert.Equal(RequestLog.MaxSlowLinesASecond, (await log.UntilAsync(RequestLog.MaxSlowLinesASecond, 404)).Length);

        await SlowAsync(node, "GET", "/key/a", milliseconds: 5_000);
        Assert.EndsWith("; 3 others were slow and are not shown", (await log.UntilAsync(RequestLog.MaxSlowLinesASecond + 1, 404))[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 0)]
    [InlineData(31, 1)]
    public void A_request_that_waited_as_it_asked_is_slow_only_beyond_that(int seconds, int lines)
    {
        var requests = new RequestLog(new ApiSettings { AdvertisedApi = "a:1", SlowRequest = TimeSpan.FromMilliseconds(500) }, new HttpCounters(), () => null, log, () => now);
        var context = new DefaultHttpContext();
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/key/a?wait=30s";
        WaitTime.Begin(context, TimeSpan.FromSeconds(30), isForwarded: false);
        requests.Ended(context, now - seconds * 1_000_000L);
        Assert.Equal(lines, log.Of(404).Length);
    }

    [Fact]
    public async Task Zero_turns_it_off()
    {
        await using TestNode node = await StartAsync(settings => settings with { SlowRequest = TimeSpan.Zero });
        await SlowAsync(node, "GET", "/key/a", milliseconds: 60_000);
        Assert.Empty(log.Of(404));
    }

    [Fact]
    public async Task A_page_that_is_slow_waited_for_no_stage_of_a_write()
    {
        await using TestNode node = await StartAsync(settings => settings with { SlowRequest = TimeSpan.FromMilliseconds(500) });
        Sync(node, milliseconds: 600);
        var context = new DefaultHttpContext();
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/cluster";
        Assert.Equal("other", SlowStage.Of(context, node.Shard, TimeSpan.FromSeconds(1), TimeProvider.System).Name);
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/batch";
        Assert.Equal("fsync", SlowStage.Of(context, node.Shard, TimeSpan.FromSeconds(1), TimeProvider.System).Name);
    }

    private Task<TestNode> StartAsync(Func<ApiSettings, ApiSettings> change) => TestNode.StartAsync(change, log: log, microseconds: () =>
    {
        Interlocked.Increment(ref looks);
        return Interlocked.Read(ref now);
    });

    /// <summary>A request that begins now, and is answered when so much time has passed.</summary>
    private async Task SlowAsync(TestNode node, string method, string target, long milliseconds, bool goBack = false)
    {
        var gate = new TaskCompletionSource();
        node.Shard.Gate = gate.Task;
        int before = node.Shard.Waiting;
        long looksBefore = Interlocked.Read(ref looks);
        Task<RawAnswer> answer = node.AskAsync(method, target);
        while (node.Shard.Waiting == before) await Task.Yield();
        long began = Interlocked.Read(ref now);
        Interlocked.Add(ref now, milliseconds * 1_000);
        gate.SetResult();
        await answer;
        node.Shard.Gate = null;
        // A request is looked at after it was answered. The clock is read when it begins, when it has ended, and for the second of a slow one's line.
        while (Interlocked.Read(ref looks) < looksBefore + (goBack ? 3 : 2)) await Task.Yield();
        await node.AskAsync("GET", "/livez");
        if (goBack) Interlocked.Exchange(ref now, began);
    }

    private static void Sync(TestNode node, long milliseconds)
    {
        long to = TimeProvider.System.GetTimestamp();
        node.Shard.LogCounters!.Syncs.Add(to - TimeProvider.System.TimestampFrequency * milliseconds / 1_000, to);
    }

    private sealed class Lines : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<(int Event, string Line)> said = new();

        public string[] Of(params int[] events) => [.. said.Where(one => events.Contains(one.Event)).Select(one => one.Line)];

        /// <summary>A line is written after the answer was sent.</summary>
        public async Task<string[]> UntilAsync(int count, int ofEvent)
        {
            while (Of(ofEvent).Length < count) await Task.Delay(1, TestContext.Current.CancellationToken); // between two looks
            return Of(ofEvent);
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
            // There is only this one.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue((eventId.Id, string.Create(CultureInfo.InvariantCulture, $"{formatter(state, exception)}")));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
