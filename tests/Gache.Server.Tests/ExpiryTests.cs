using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Expiry.</summary>
public sealed class ExpiryTests
{
    [Theory]
    [InlineData("1500ms", 1_500)]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("45", 45_000)]
    [InlineData("1ms", 1)]
    [InlineData("3650d", 315_360_000_000)]
    public async Task A_key_is_there_for_its_time_and_says_what_is_left(string ttl, long milliseconds)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Time = 1_000;
        Assert.Equal(201, (await node.AskAsync("PUT", $"/key/a?ttl={ttl}", body: "v")).Status);
        RawAnswer read = await node.AskAsync("GET", "/key/a");
        Assert.Equal(("v", $"{milliseconds}"), (read.Text, read["Gache-Expires-In"]));
        node.Shard.Time = 1_000 + (ulong)milliseconds - 1;
        Assert.Equal("1", (await node.AskAsync("HEAD", "/key/a"))["Gache-Expires-In"]);
        node.Shard.Time = 1_000 + (ulong)milliseconds;
        Problem.Is(await node.AskAsync("GET", "/key/a"), 404, "key-not-found");
        Problem.Is(await node.AskAsync("PUT", "/key/a", "If-Match: *\r\n", "v"), 412, "precondition-failed");
        Assert.Equal(201, (await node.AskAsync("PUT", "/key/a", "If-None-Match: *\r\n", "v")).Status);
    }

    [Theory]
    [InlineData("ttl=")]
    [InlineData("ttl=0")]
    [InlineData("ttl=0ms")]
    [InlineData("ttl=-1s")]
    [InlineData("ttl=1.5s")]
    [InlineData("ttl=1 s")]
    [InlineData("ttl=1w")]
    [InlineData("ttl=s")]
    [InlineData("ttl=1S")]
    [InlineData("ttl=3651d")]
    [InlineData("ttl=99999999999999999999s")]
    [InlineData("ttl=18446744073709551615d")]
    [InlineData("ttl=Keep")]
    [InlineData("touch=keep")]
    [InlineData("touch=")]
    public async Task A_malformed_time_is_400_and_nothing_is_done(string query)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/key/a?" + query.Replace(" ", "%20", StringComparison.Ordinal), body: query.StartsWith("touch", StringComparison.Ordinal) ? "" : "v"), 400, "ttl-malformed");
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_write_without_ttl_makes_the_key_permanent_and_keep_leaves_what_is_left()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a?ttl=10s", body: "v");
        node.Shard.Time = 4_000;
        Assert.Equal(200, (await node.AskAsync("PUT", "/key/a?ttl=keep", body: "w")).Status);
        Assert.Equal("6000", (await node.AskAsync("GET", "/key/a"))["Gache-Expires-In"]);
        await node.AskAsync("POST", "/key/a", body: "x");
        Assert.Null((await node.AskAsync("GET", "/key/a"))["Gache-Expires-In"]);
        await node.AskAsync("PUT", "/key/new?ttl=keep", body: "w");
        Assert.Null((await node.AskAsync("GET", "/key/new"))["Gache-Expires-In"]);
    }

    [Fact]
    public async Task A_touch_sets_the_time_without_a_value_and_changes_no_revision()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        RawAnswer touched = await node.AskAsync("POST", "/key/a?touch=30s", "If-Match: \"1\"\r\n");
        Assert.Equal((200, "", "\"1\""), (touched.Status, touched.Text, touched["ETag"]));
        RawAnswer read = await node.AskAsync("GET", "/key/a");
        Assert.Equal(("v", "\"1\"", "30000"), (read.Text, read["ETag"], read["Gache-Expires-In"]));
        Problem.Is(await node.AskAsync("POST", "/key/none?touch=30s"), 404, "key-not-found");
        Problem.Is(await node.AskAsync("POST", "/key/a?touch=30s", "If-Match: \"2\"\r\n"), 412, "precondition-failed");
        Problem.Is(await node.AskAsync("POST", "/key/a?touch=30s", body: "v"), 400, "body-malformed");
        Problem.Is(await node.AskAsync("POST", "/key/a?touch=30s&ttl=1s"), 400, "parameter-malformed");
        Problem.Is(await node.AskAsync("POST", "/key/a?touch=30s&add=1"), 400, "parameter-malformed");
        Problem.Is(await node.AskAsync("PUT", "/key/a?touch=30s"), 400, "parameter-unknown");
    }

    [Fact]
    public async Task A_counter_gets_its_time_where_it_begins_and_keeps_it()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal("1", (await node.AskAsync("POST", "/key/c?add=1&ttl=10s")).Text);
        node.Shard.Time = 4_000;
        Assert.Equal("2", (await node.AskAsync("POST", "/key/c?add=1&ttl=10s")).Text);
        Assert.Equal("6000", (await node.AskAsync("GET", "/key/c"))["Gache-Expires-In"]);
        node.Shard.Time = 10_000;
        Assert.Equal("1", (await node.AskAsync("POST", "/key/c?add=1")).Text);
    }

    [Fact]
    public async Task Another_ttl_under_the_same_idempotency_key_is_422()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal(201, (await node.AskAsync("PUT", "/key/a?ttl=1s", "Idempotency-Key: k\r\n", "v")).Status);
        Assert.Equal(201, (await node.AskAsync("PUT", "/key/a?ttl=1000ms", "Idempotency-Key: k\r\n", "v")).Status); // the same time
        Problem.Is(await node.AskAsync("PUT", "/key/a?ttl=2s", "Idempotency-Key: k\r\n", "v"), 422, "idempotency-key-reused");
        Problem.Is(await node.AskAsync("PUT", "/key/a", "Idempotency-Key: k\r\n", "v"), 422, "idempotency-key-reused");
    }
}
