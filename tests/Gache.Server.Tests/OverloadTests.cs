using System.Text.Json;
using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>While the replica's queue is full, writes are refused before anything is made of them.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task A_full_queue_refuses_every_write_and_none_is_handed_on()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.IsFull = true;
        foreach ((string method, string target) in ((string, string)[])[("POST", "/key/a"), ("PUT", "/key/a"), ("DELETE", "/key/a"), ("POST", "/key/a?add=1")])
        {
            RawAnswer answer = await node.AskAsync(method, target, body: method is "DELETE" || target.Contains('?', StringComparison.Ordinal) ? "" : "value");
            IsRefusal(answer);
        }

        Assert.Equal(0, node.Shard.Writes);
        Assert.Equal(404, (await node.AskAsync("GET", "/key/a")).Status); // reads are not held up by the disk
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_told_however_full_the_queue_is()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.IsFull = true;
        Problem.Is(await node.AskAsync("POST", "/key/"), 400, "key-empty");
        Problem.Is(await node.AskAsync("POST", "/key/a?ttl=x"), 400, "ttl-malformed");
    }

    /// <summary>The body of what is refused is passed over, so that the connection can be used again: to close it would only make the client come anew.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(300_000)]
    public async Task The_connection_goes_on_after_a_refusal(int bodyBytes)
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        for (int round = 0; round < 3; round++)
        {
            node.Shard.IsFull = true;
            await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {bodyBytes}\r\n\r\n{new string('v', bodyBytes)}");
            IsRefusal(await connection.ReadAsync());
            node.Shard.IsFull = false;
            await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {bodyBytes}\r\n\r\n{new string('w', bodyBytes)}");
            Assert.Equal(200, (await connection.ReadAsync()).Status);
        }

        Assert.Equal(3, node.Shard.Writes);
    }

    [Fact]
    public async Task A_client_that_asks_before_it_sends_the_body_does_not_have_to_send_it()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.IsFull = true;
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n");
        IsRefusal(await connection.ReadAsync());
    }

    [Fact]
    public async Task A_follower_names_its_leader_however_full_it_is()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        node.Shard.IsFull = true;
        Assert.Equal(307, (await node.AskAsync("POST", "/key/a", body: "v")).Status);
    }

    [Fact]
    public async Task The_answer_made_once_is_the_one_that_would_have_been_made()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Refusal = Refusal.QueueIsFull with { Code = RefusalCode.Overloaded }; // an equal one, that is not it
        RawAnswer made = await node.AskAsync("POST", "/key/a", body: "v");
        node.Shard.Refusal = Refusal.QueueIsFull;
        RawAnswer ready = await node.AskAsync("POST", "/key/a", body: "v");
        Assert.Equal((made.Status, made.Text), (ready.Status, ready.Text));
        foreach (string name in made.Headers.Keys.Where(name => name != "Date")) Assert.Equal(made[name], ready[name]);
        Assert.Equal(made.Headers.Count, ready.Headers.Count);
    }

    private static void IsRefusal(RawAnswer answer)
    {
        Problem.Is(answer, 429, "overloaded", isRetryable: true);
        Assert.Equal(("1", "1000"), (answer["Retry-After"], answer["Gache-Retry-After-Ms"]));
        Assert.Equal("no-cache, no-transform", answer["Cache-Control"]);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(Refusal.QueueIsFull.Detail, json.RootElement.GetProperty("detail").GetString());
    }
}
