using System.Text;
using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Operations on a key.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task A_read_gives_the_bytes_untouched_with_its_revision_twice()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer set = await node.AskAsync("POST", "/key/a", "Content-Type: application/x-www-form-urlencoded\r\n", "x=1&y=%20+\0\r\n");

        RawAnswer read = await node.AskAsync("GET", "/key/a");

        Assert.Equal(200, read.Status);
        Assert.Equal("x=1&y=%20+\0\r\n", read.Text);
        Assert.Equal("application/octet-stream", read["Content-Type"]);
        Assert.Equal("nosniff", read["X-Content-Type-Options"]);
        Assert.Equal("no-cache, no-transform", read["Cache-Control"]);
        Assert.Equal("\"1\"", read["ETag"]);
        Assert.Equal("1", read["Gache-Revision"]);
        Assert.Equal(set["ETag"], read["ETag"]);
        Assert.Null(read["Server"]);
    }

    [Fact]
    public async Task Head_tells_what_get_would_without_the_bytes()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "12345");

        RawAnswer head = await node.AskAsync("HEAD", "/key/a");
        RawAnswer missing = await node.AskAsync("HEAD", "/key/b");

        Assert.Equal((200, "5", "\"1\""), (head.Status, head["Content-Length"], head["ETag"]));
        Assert.Equal((404, "application/problem+json"), (missing.Status, missing["Content-Type"]));
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("HEAD /key/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /key/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await connection.ReadAsync(isHead: true);
        Assert.Equal("12345", (await connection.ReadAsync()).Text); // nothing of a body came in between
    }

    [Fact]
    public async Task A_missing_key_is_404()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("GET", "/key/a");
        Problem.Is(answer, 404, "key-not-found");
        Assert.Equal("no-cache, no-transform", answer["Cache-Control"]);
    }

    [Fact]
    public async Task Post_sets_put_says_whether_it_was_new_delete_always_succeeds()
    {
        await using TestNode node = await TestNode.StartAsync();

        RawAnswer post = await node.AskAsync("POST", "/key/a", body: "1");
        Assert.Equal((200, "0", "\"1\""), (post.Status, post["Content-Length"], post["ETag"]));
        RawAnswer created = await node.AskAsync("PUT", "/key/b", body: "2");
        Assert.Equal((201, "\"2\""), (created.Status, created["ETag"]));
        RawAnswer replaced = await node.AskAsync("PUT", "/key/b", body: "3");
        Assert.Equal((200, "\"3\""), (replaced.Status, replaced["ETag"]));
        Assert.Equal(204, (await node.AskAsync("DELETE", "/key/b")).Status);
        Assert.Equal(204, (await node.AskAsync("DELETE", "/key/b")).Status);
        Assert.Equal(404, (await node.AskAsync("GET", "/key/b")).Status);
    }

    [Fact]
    public async Task An_empty_value_is_a_value()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: localhost\r\n\r\n"); // curl -X POST sends no length
        Assert.Equal(200, (await connection.ReadAsync()).Status);

        RawAnswer read = await node.AskAsync("GET", "/key/a");
        Assert.Equal((200, "0"), (read.Status, read["Content-Length"]));
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("FOO")]
    [InlineData("get")]
    public async Task Another_method_is_405_and_names_those_there_are(string method)
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync(method, "/key/a");
        Problem.Is(answer, 405, "method-not-allowed");
        Assert.Equal("GET, HEAD, POST, PUT, DELETE", answer["Allow"]);
    }

    [Theory]
    [InlineData("\"1\"", 304)]
    [InlineData("W/\"1\"", 304)]
    [InlineData("1", 304)]
    [InlineData("*", 304)]
    [InlineData("\"7\", \"1\"", 304)]
    [InlineData("7,W/\"1\"", 304)]
    [InlineData("\"2\"", 200)]
    [InlineData("\"01x\"", 200)]
    [InlineData("2, 3", 200)]
    public async Task Get_answers_304_to_a_revision_the_client_has(string tags, int status)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");

        foreach (string method in (string[])["GET", "HEAD"])
        {
            RawAnswer answer = await node.AskAsync(method, "/key/a", $"If-None-Match: {tags}\r\n");
            Assert.Equal(status, answer.Status);
            Assert.Equal("\"1\"", answer["ETag"]);
            Assert.Equal("no-cache, no-transform", answer["Cache-Control"]);
        }
    }

    [Theory]
    [InlineData("\"1")]
    [InlineData("abc")]
    [InlineData("1 2")]
    [InlineData("*, \"1\"")]
    [InlineData("w/\"1\"")]
    public async Task A_malformed_condition_is_400(string tags)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        Problem.Is(await node.AskAsync("GET", "/key/a", $"If-None-Match: {tags}\r\n"), 400, "condition-malformed");
    }

    [Fact]
    public async Task Level_chooses_the_promise_of_a_read()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("GET", "/key/a?level=stale");
        Assert.Equal(ReadLevel.Stale, node.Shard.LastLevel);
        await node.AskAsync("GET", "/key/a");
        Assert.Equal(ReadLevel.Linearizable, node.Shard.LastLevel);
        await node.AskAsync("HEAD", "/key/a?le%76el=%73tale");
        Assert.Equal(ReadLevel.Stale, node.Shard.LastLevel);
        await node.AskAsync("HEAD", "/key/a?level=linearizable");
        Assert.Equal(ReadLevel.Linearizable, node.Shard.LastLevel);
    }

    [Theory]
    [InlineData("GET", "?level=old", "parameter-malformed")]
    [InlineData("GET", "?level", "parameter-malformed")]
    [InlineData("GET", "?level=%zz", "parameter-malformed")]
    [InlineData("GET", "?level=stale&level=stale", "parameter-unknown")]
    [InlineData("GET", "?Level=stale", "parameter-unknown")]
    [InlineData("GET", "?x", "parameter-unknown")]
    [InlineData("GET", "?level=stale&=", "parameter-unknown")]
    [InlineData("POST", "?level=stale", "parameter-unknown")]
    [InlineData("DELETE", "?ttl=1s", "parameter-unknown")]
    [InlineData("PUT", "?add=1", "parameter-unknown")]
    [InlineData("GET", "?a=b+c", "parameter-ambiguous")]
    [InlineData("POST", "?+", "parameter-ambiguous")]
    public async Task A_parameter_that_is_not_understood_is_400_and_nothing_is_done(string method, string query, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync(method, "/key/a" + query, body: method == "GET" ? "" : "v"), 400, code);
        Assert.Equal(0, node.Shard.Writes);
    }

    /// <summary>RFC 9110, 13.1.3 and 13.1.4: a recipient must ignore them where it knows no date of the resource, and values have revisions alone.</summary>
    [Theory]
    [InlineData("PUT", "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n", 200)]
    [InlineData("DELETE", "If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n", 204)]
    [InlineData("POST", "If-Unmodified-Since: gibberish\r\n", 200)]
    [InlineData("GET", "If-Modified-Since: Sat, 29 Oct 2094 19:43:31 GMT\r\n", 200)]
    [InlineData("HEAD", "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n", 200)]
    public async Task A_condition_on_dates_is_ignored_because_a_value_has_none(string method, string headers, int status)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("PUT", "/key/a", body: "v");
        RawAnswer answer = await node.AskAsync(method, "/key/a", headers, method is "PUT" or "POST" ? "w" : "");
        Assert.Equal(status, answer.Status);
        Assert.Null(answer["Last-Modified"]);
    }

    [Theory]
    [InlineData("/watch?key=a")]
    public async Task Pages_that_come_later_are_501(string target)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("GET", target), 501, "not-implemented-yet");
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        var all = new StringBuilder();
        for (int n = 0; n < 50; n++)
            all.Append($"POST /key/k{n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nv{n:00}GET /key/k{n} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await connection.SendAsync(all.ToString());

        for (int n = 0; n < 50; n++)
        {
            Assert.Equal($"\"{n + 1}\"", (await connection.ReadAsync())["ETag"]);
            Assert.Equal($"v{n:00}", (await connection.ReadAsync()).Text);
        }
    }

    [Fact]
    public async Task Http_1_0_without_a_host_works_and_closes()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("GET /key/a HTTP/1.0\r\n\r\n");
        Assert.Equal("v", (await connection.ReadAsync()).Text);
        Assert.True(await connection.IsClosedAsync());
    }

    [Fact]
    public async Task Answers_that_come_later_are_the_same()
    {
        await using TestNode node = await TestNode.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Shard.Gate = gate.Task;
        Task<RawAnswer> write = node.AskAsync("PUT", "/key/a", body: "v");
        Task<RawAnswer> read = node.AskAsync("GET", "/key/b");
        gate.SetResult();
        Assert.Equal(201, (await write).Status);
        Problem.Is(await read, 404, "key-not-found");
    }
}
