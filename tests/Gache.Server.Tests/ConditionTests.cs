using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Conditions.</summary>
public sealed class ConditionTests
{
    [Theory]
    [InlineData("If-Match: \"1\"")]
    [InlineData("If-Match: 1")]
    [InlineData("If-Match: \"7\", \"1\"")]
    [InlineData("If-Match: 7,1")]
    [InlineData("If-Match: \"7\"\r\nIf-Match: \"1\"")]
    [InlineData("If-Match: *")]
    [InlineData("If-Match:  * ")]
    [InlineData("If-None-Match: \"2\"")]
    [InlineData("If-None-Match: W/\"2\", 3")]
    [InlineData("If-Match: \"1\"\r\nIf-None-Match: \"2\"")]
    public async Task A_write_whose_condition_holds_is_carried_out(string condition)
    {
        foreach (string method in (string[])["POST", "PUT", "DELETE"])
        {
            await using TestNode node = await TestNode.StartAsync();
            await node.AskAsync("POST", "/key/a", body: "old");

            RawAnswer answer = await node.AskAsync(method, "/key/a", condition + "\r\n", method == "DELETE" ? "" : "new");

            Assert.Equal(method == "DELETE" ? 204 : 200, answer.Status);
            Assert.Equal(method == "DELETE" ? null : "new"u8.ToArray(), node.Shard.Stored("a"u8));
        }
    }

    [Theory]
    [InlineData("If-Match: \"2\"")]
    [InlineData("If-Match: 2, 3")]
    [InlineData("If-Match: W/\"1\"")] // the weak tag never matches (RFC 9110, 8.8.3.2)
    [InlineData("If-Match: \"01x\"")]
    [InlineData("If-Match: \"99999999999999999999999\"")]
    [InlineData("If-None-Match: *")]
    [InlineData("If-None-Match: \"1\"")]
    [InlineData("If-None-Match: W/\"1\"")]
    [InlineData("If-None-Match: 5, 1")]
    [InlineData("If-Match: \"1\"\r\nIf-None-Match: *")]
    public async Task A_write_whose_condition_fails_changes_nothing_and_is_told_the_present_revision(string condition)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "old");

        foreach (string method in (string[])["POST", "PUT", "DELETE"])
        {
            RawAnswer answer = await node.AskAsync(method, "/key/a", condition + "\r\n", method == "DELETE" ? "" : "new");
            Problem.Is(answer, 412, "precondition-failed");
            Assert.Equal("\"1\"", answer["ETag"]);
            Assert.Equal("1", answer["Gache-Revision"]);
            Assert.Equal("no-cache, no-transform", answer["Cache-Control"]);
        }

        Assert.Equal("old"u8.ToArray(), node.Shard.Stored("a"u8));
        Assert.Equal("\"2\"", (await node.AskAsync("POST", "/key/b", body: "v"))["ETag"]); // no revision was used up
    }

    [Fact]
    public async Task A_key_that_is_not_there_has_no_revision_to_match()
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach (string method in (string[])["GET", "POST", "PUT", "DELETE"])
        {
            foreach (string condition in (string[])["*", "\"1\""])
            {
                RawAnswer answer = await node.AskAsync(method, "/key/a", $"If-Match: {condition}\r\n");
                Problem.Is(answer, 412, "precondition-failed");
                Assert.Null(answer["ETag"]);
            }
        }

        Assert.Equal(201, (await node.AskAsync("PUT", "/key/a", "If-None-Match: *\r\n", "v")).Status);
        Problem.Is(await node.AskAsync("PUT", "/key/a", "If-None-Match: *\r\n", "w"), 412, "precondition-failed");
    }

    [Fact]
    public async Task A_read_whose_if_match_fails_is_412_and_comes_before_304()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        foreach (string method in (string[])["GET", "HEAD"])
        {
            RawAnswer failed = await node.AskAsync(method, "/key/a", "If-Match: \"2\"\r\nIf-None-Match: \"1\"\r\n");
            Assert.Equal(412, failed.Status);
            Assert.Equal("\"1\"", failed["ETag"]);
            Assert.Equal(304, (await node.AskAsync(method, "/key/a", "If-Match: \"1\"\r\nIf-None-Match: \"1\"\r\n")).Status);
            Assert.Equal(200, (await node.AskAsync(method, "/key/a", "If-Match: W/\"5\", 1\r\n")).Status);
        }
    }

    [Theory]
    [InlineData("\"1")]
    [InlineData("abc")]
    [InlineData("1 2")]
    [InlineData("*, \"1\"")]
    [InlineData("w/\"1\"")]
    [InlineData("")]
    [InlineData(",")]
    public async Task A_malformed_condition_is_400_and_nothing_is_done(string tags)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach (string header in (string[])["If-Match", "If-None-Match"])
        {
            foreach (string method in (string[])["POST", "PUT", "DELETE"])
                Problem.Is(await node.AskAsync(method, "/key/a", $"{header}: {tags}\r\n"), 400, "condition-malformed");
        }

        Problem.Is(await node.AskAsync("GET", "/key/a", $"If-Match: {tags}\r\n"), 400, "condition-malformed");
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_condition_names_a_bounded_number_of_revisions()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        string most = string.Join(',', Enumerable.Range(1, 256));
        Assert.Equal(200, (await node.AskAsync("POST", "/key/a", $"If-Match: {most}\r\n", "w")).Status);
        Problem.Is(await node.AskAsync("POST", "/key/a", $"If-Match: {most},257\r\n", "x"), 400, "condition-malformed");
    }

    [Theory]
    [InlineData("If-Match: \"1\"\r\n", true)]
    [InlineData("If-Match: *\r\n", false)]
    [InlineData("If-None-Match: *\r\n", false)]
    [InlineData("", false)]
    public async Task A_write_of_which_nothing_is_known_may_be_repeated_only_if_it_names_what_it_changes(string condition, bool isRetryable)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach ((RefusalCode code, string name) in ((RefusalCode, string)[])[(RefusalCode.Timeout, "timeout"), (RefusalCode.LeadershipLost, "leadership-lost")])
        {
            node.Shard.Refusal = new Refusal(code, "nobody knows");
            Problem.Is(await node.AskAsync("PUT", "/key/a", condition, "v"), 504, name, "unknown", isRetryable);
        }
    }

    [Fact]
    public async Task A_condition_stands_with_a_body_that_comes_later_or_in_chunks()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        await connection.SendAsync("0\r\n\r\n");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"1\"\r\nContent-Length: 2\r\n\r\n");
        await connection.SendAsync("cd");
        Assert.Equal(412, (await connection.ReadAsync()).Status);
        Assert.Equal("ab"u8.ToArray(), node.Shard.Stored("a"u8));
    }
}
