using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Idempotency-Key.</summary>
public sealed class IdempotencyTests
{
    [Fact]
    public async Task A_repeat_is_answered_as_the_first_was_and_changes_nothing()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer created = await node.AskAsync("PUT", "/key/a", "Idempotency-Key: k1\r\n", "v");
        await node.AskAsync("POST", "/key/a", body: "other");
        RawAnswer repeated = await node.AskAsync("PUT", "/key/a", "idempotency-key: \"k1\"\r\n", "v"); // quoted or not: the same key
        Assert.Equal((201, "\"1\""), (created.Status, created["ETag"]));
        Assert.Equal((201, "\"1\""), (repeated.Status, repeated["ETag"]));
        Assert.Equal("other"u8.ToArray(), node.Shard.Stored("a"u8));

        for (int i = 0; i < 3; i++)
        {
            RawAnswer sum = await node.AskAsync("POST", "/key/c?add=5", "Idempotency-Key: k1\r\n");
            Assert.Equal((200, "5", "\"3\""), (sum.Status, sum.Text, sum["ETag"]));
        }

        Assert.Equal(204, (await node.AskAsync("DELETE", "/key/a", "Idempotency-Key: k2\r\n")).Status);
        await node.AskAsync("POST", "/key/a", body: "again");
        Assert.Equal(204, (await node.AskAsync("DELETE", "/key/a", "Idempotency-Key: k2\r\n")).Status);
        Assert.Equal("again"u8.ToArray(), node.Shard.Stored("a"u8));
    }

    [Fact]
    public async Task A_failed_condition_is_an_answer_too()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        string headers = "Idempotency-Key: k\r\nIf-None-Match: *\r\n";
        Problem.Is(await node.AskAsync("PUT", "/key/a", headers, "w"), 412, "precondition-failed");
        await node.AskAsync("DELETE", "/key/a");
        RawAnswer repeated = await node.AskAsync("PUT", "/key/a", headers, "w");
        Problem.Is(repeated, 412, "precondition-failed");
        Assert.Equal("\"1\"", repeated["ETag"]);
    }

    [Theory]
    [InlineData("PUT", "", "", "v")]
    [InlineData("POST", "", "", "w")]
    [InlineData("POST", "", "If-Match: *\r\n", "v")]
    [InlineData("POST", "?add=1", "", "")]
    [InlineData("DELETE", "", "", "")]
    public async Task The_same_key_with_something_else_is_422_and_nothing_is_done(string method, string query, string headers, string body)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", "Idempotency-Key: k\r\n", "v");
        Problem.Is(await node.AskAsync(method, "/key/a" + query, headers + "Idempotency-Key: k\r\n", body), 422, "idempotency-key-reused");
        Assert.Equal("v"u8.ToArray(), node.Shard.Stored("a"u8));
        Assert.Equal(200, (await node.AskAsync("POST", "/key/b", "Idempotency-Key: k\r\n", "w")).Status); // the scope is the key
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("\"a")]
    [InlineData("\"a\"b")]
    [InlineData("\"a\\b\"")]
    [InlineData("a\tb")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    [InlineData("a\r\nIdempotency-Key: b")]
    public async Task A_malformed_key_is_400_and_nothing_is_done(string key)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/key/a", $"Idempotency-Key: {key}\r\n", "v"), 400, "idempotency-key-malformed");
        Assert.Equal(0, node.Shard.Writes);
    }

    [Theory]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("a b, c; d=\"e\"")]
    [InlineData("\"with \\\" and \\\\\"")]
    public async Task A_key_has_1_to_64_printable_characters(string key)
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal("1", (await node.AskAsync("POST", "/key/a?add=1", $"Idempotency-Key: {key}\r\n")).Text);
        Assert.Equal("1", (await node.AskAsync("POST", "/key/a?add=1", $"Idempotency-Key: {key}\r\n")).Text);
    }

    [Fact]
    public async Task A_full_shard_says_so_and_an_unknown_keyed_write_may_be_repeated()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Refusal = new Refusal(RefusalCode.IdempotencyFull, "full", RetryAfter: TimeSpan.FromSeconds(10));
        RawAnswer full = await node.AskAsync("POST", "/key/a", "Idempotency-Key: k\r\n", "v");
        Problem.Is(full, 429, "idempotency-full", isRetryable: true);
        Assert.Equal("10", full["Retry-After"]);
        node.Shard.Refusal = new Refusal(RefusalCode.Timeout, "nobody knows");
        Problem.Is(await node.AskAsync("POST", "/key/a", "Idempotency-Key: k\r\n", "v"), 504, "timeout", "unknown", isRetryable: true);
    }

    [Fact]
    public async Task A_read_does_not_mind_the_header()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        Assert.Equal("v", (await node.AskAsync("GET", "/key/a", "Idempotency-Key: \"\r\n")).Text);
    }
}
