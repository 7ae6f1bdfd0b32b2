using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Bad input never crashes the node, nor is it answered with HTML, a stack trace, or a 500.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("\r\n\r\n\r\n")]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("GET\r\n\r\n")]
    [InlineData("GET /key/a\r\n\r\n")]
    [InlineData("GET /key/a HTTP/9.9\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /key/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET key HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: <>\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n")]
    [InlineData("GET /key/\u00e4 HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("POST /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public async Task What_is_no_http_is_refused_by_a_status_or_a_close(string request)
    {
        await using TestNode node = await TestNode.StartAsync();
        using (RawConnection connection = await node.ConnectAsync())
        {
            await connection.SendAsync(request);
            connection.CloseSending();
            if (!await connection.IsClosedAsync())
            {
                RawAnswer answer = await connection.ReadAsync();
                Assert.InRange(answer.Status, 400, 499 + 6); // 505 for a version that is not spoken
                Assert.NotEqual(500, answer.Status);
                Assert.DoesNotContain("<html", answer.Text, StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.Equal(0, node.Shard.Writes);
        Assert.Equal(200, (await node.AskAsync("GET", "/livez")).Status);
    }

    [Fact]
    public async Task Http_2_without_tls_is_not_spoken()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        Assert.DoesNotContain("200", Encoding.Latin1.GetString(await connection.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_are_bounded_in_number_and_size()
    {
        await using TestNode node = await TestNode.StartAsync();
        var many = new StringBuilder();
        for (int n = 0; n < 101; n++) many.Append($"X-{n}: 1\r\n");

        Assert.Equal(431, (await node.AskAsync("GET", "/key/a", many.ToString())).Status);
        Assert.Equal(431, (await node.AskAsync("GET", "/key/a", $"X: {new string('x', 33 * 1024)}\r\n")).Status);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/cluster/")]
    [InlineData("/key%2Fa")]
    [InlineData("/livez%20")]
    public async Task An_unknown_path_is_a_problem_like_any_other(string target)
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("GET", target);
        Problem.Is(answer, 404, "path-unknown");
        Assert.Equal("no-store", answer["Cache-Control"]);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/cluster")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    public async Task Pages_are_only_read(string target)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach (string method in (string[])["POST", "PUT", "DELETE", "PATCH"])
        {
            RawAnswer answer = await node.AskAsync(method, target, body: "x");
            Problem.Is(answer, 405, "method-not-allowed");
            Assert.Equal("GET, HEAD", answer["Allow"]);
        }

        RawAnswer get = await node.AskAsync("GET", target);
        RawAnswer head = await node.AskAsync("HEAD", target);
        Assert.Equal((200, "no-store"), (get.Status, get["Cache-Control"]));
        Assert.Equal((200, get["Content-Type"]), (head.Status, head["Content-Type"]));
    }

    [Fact]
    public async Task Random_bytes_and_random_requests_never_give_a_500_and_reach_no_log()
    {
        var errors = new ErrorLog();
        await using TestNode node = await TestNode.StartAsync(log: errors);
        var random = new Random(4);
        string[] parts = ["GET ", "POST ", "/key/", "%2", "%", "..", "/", "?level=", "&", "+", " HTTP/1.1\r\n", "Host: localhost\r\n", "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Origin: x\r\n", "If-None-Match: \"\r\n", "\r\n", "\0", "\u00ff", "3\r\nabc\r\n", "0\r\n\r\n", "http://"];
        for (int n = 0; n < 300; n++)
        {
            var request = new StringBuilder(random.Next(2) == 0 ? "POST /key/x HTTP/1.1\r\nHost: localhost\r\n" : "");
            for (int count = random.Next(1, 14); count > 0; count--) request.Append(parts[random.Next(parts.Length)]);

            using RawConnection connection = await node.ConnectAsync();
            await connection.SendAsync(request.ToString());
            connection.CloseSending();
            while (!await connection.IsClosedAsync())
            {
                RawAnswer answer = await connection.ReadAsync();
                Assert.True(answer.Status is not (500 or 502), request.ToString());
            }
        }

        Assert.Equal(200, (await node.AskAsync("GET", "/livez")).Status);
        Assert.Empty(errors.Lines);
    }

    [Fact]
    public async Task A_fault_of_the_server_is_a_problem_without_a_stack_trace_and_is_logged()
    {
        var errors = new ErrorLog();
        await using TestNode node = await TestNode.StartAsync(log: errors);
        node.Shard.Gate = Task.FromException(new InvalidOperationException("secret words"));

        RawAnswer answer = await node.AskAsync("GET", "/key/a");

        Problem.Is(answer, 500, "fault", "unknown");
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        Assert.Contains(errors.Lines, line => line.Contains("secret words", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Before_the_shard_is_there_keys_are_refused_and_the_process_lives()
    {
        await using TestNode node = await TestNode.StartAsync(isServing: false);
        Problem.Is(await node.AskAsync("GET", "/key/a"), 503, "not-serving", isRetryable: true);
        Assert.Equal(200, (await node.AskAsync("GET", "/livez")).Status);
        Assert.Equal((503, "starting\n"), await StatusAndTextAsync(node, "/readyz"));
        Assert.Equal((200, "[]\n"), await StatusAndTextAsync(node, "/cluster"));
    }

    private static async Task<(int Status, string Text)> StatusAndTextAsync(TestNode node, string target)
    {
        RawAnswer answer = await node.AskAsync("GET", target);
        return (answer.Status, answer.Text);
    }

    private sealed class ErrorLog : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
            // There is only this one.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
