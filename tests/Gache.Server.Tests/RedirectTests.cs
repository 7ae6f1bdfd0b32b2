using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Where a key lives elsewhere.</summary>
public sealed class RedirectTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_follower_names_the_leader_with_the_very_same_target(string method)
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        string query = method is "GET" or "HEAD" ? "?le%76el=linearizable" : "";
        string target = "/key//a%2fb+;%C3%A4//c%25" + query;

        RawAnswer answer = await node.AskAsync(method, target, body: method is "POST" or "PUT" ? "value" : "");

        Assert.Equal(307, answer.Status);
        Assert.Equal($"http://{TestNode.LeaderElsewhere}{target}", answer["Location"]);
        Assert.Equal("no-cache, no-transform", answer["Cache-Control"]);
        if (method != "HEAD") Assert.Contains($"http://{TestNode.LeaderElsewhere}{target}", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task The_absolute_form_is_redirected_to_the_leaders_authority()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        RawAnswer answer = await node.AskAsync("GET", "http://localhost/key/a?level=linearizable");
        Assert.Equal($"http://{TestNode.LeaderElsewhere}/key/a?level=linearizable", answer["Location"]);
    }

    [Fact]
    public async Task A_redirect_does_not_wait_for_the_body()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
        Assert.Equal(307, (await connection.ReadAsync()).Status);
    }

    [Fact]
    public async Task A_body_without_its_length_is_never_redirected()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n");
        RawAnswer answer = await connection.ReadAsync();
        Problem.Is(answer, 411, "length-required");
        Assert.Null(answer["Location"]);
        Assert.Contains(TestNode.LeaderElsewhere, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_leader_that_moved_while_the_body_came_is_named_too()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        node.Shard.Status = MemoryShard.Leading(); // when the head came, this node led

        Assert.Equal(307, (await node.AskAsync("POST", "/key/a", body: "v")).Status);
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n");
        Problem.Is(await connection.ReadAsync(), 411, "length-required");
    }

    [Fact]
    public async Task A_leader_that_was_not_heard_is_not_named()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        node.Shard.Status = node.Shard.Status with { IsLeaderHeard = false };
        node.Shard.Refusal = new Refusal(RefusalCode.NoLeader, "an election is under way");

        Problem.Is(await node.AskAsync("POST", "/key/a", body: "v"), 503, "no-leader", isRetryable: true);
    }

    [Fact]
    public async Task Bad_requests_are_refused_here_and_not_sent_on()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        Problem.Is(await node.AskAsync("POST", "/key/a/../b", body: "v"), 400, "key-malformed");
        Problem.Is(await node.AskAsync("POST", "/key/a?x=1", body: "v"), 400, "parameter-unknown");
    }
}
