using System.Text;
using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: values, their limits, and bodies that go wrong.</summary>
public sealed class ValueTests
{
    private const int Limit = 1_000_000;

    [Theory]
    [InlineData(1)]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(70_000)]
    [InlineData(Limit)]
    public async Task A_value_up_to_the_limit_comes_back_byte_for_byte(int size)
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = Limit });
        string value = Bytes(size);

        Assert.Equal(200, (await node.AskAsync("POST", "/key/a", body: value)).Status);

        Assert.Equal(value, Encoding.Latin1.GetString((await node.AskAsync("GET", "/key/a")).Body));
    }

    [Fact]
    public async Task A_value_that_comes_byte_by_byte_is_taken()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n");
        string value = Bytes(200);
        foreach (char c in value) await connection.SendAsync(c.ToString());

        Assert.Equal(201, (await connection.ReadAsync()).Status);
        Assert.Equal(Encoding.Latin1.GetBytes(value), node.Shard.Stored("a"u8));
    }

    [Fact]
    public async Task A_value_over_the_limit_is_refused_before_its_body_is_sent()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = Limit });
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Limit + 1}\r\n\r\n");
        Problem.Is(await connection.ReadAsync(), 413, "value-too-large");
    }

    [Fact]
    public async Task With_expect_100_the_refusal_comes_instead_of_the_100()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = Limit });
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {Limit + 1}\r\n\r\n");
        Problem.Is(await connection.ReadAsync(), 413, "value-too-large");
    }

    [Fact]
    public async Task With_expect_100_a_good_value_is_asked_for_and_taken()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal(100, (await connection.ReadAsync()).Status);
        await connection.SendAsync("12345");
        Assert.Equal(200, (await connection.ReadAsync()).Status);
        Assert.Equal("12345"u8.ToArray(), node.Shard.Stored("a"u8));
    }

    [Fact]
    public async Task Chunks_are_counted_while_they_come()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = 10 });
        Assert.Equal(200, (await SendChunksAsync(node, "5\r\n12345\r\n5;x=y\r\n67890\r\n0\r\n\r\n")).Status);
        Assert.Equal("1234567890"u8.ToArray(), node.Shard.Stored("a"u8));
        Assert.Equal(200, (await SendChunksAsync(node, "0\r\n\r\n")).Status);
        Assert.Empty(node.Shard.Stored("a"u8)!);

        Problem.Is(await SendChunksAsync(node, "5\r\n12345\r\n6\r\n678901\r\n"), 413, "value-too-large"); // and no end
        Assert.Equal(2, node.Shard.Writes);
    }

    [Fact]
    public async Task A_large_value_in_chunks_comes_back_byte_for_byte()
    {
        await using TestNode node = await TestNode.StartAsync();
        string value = Bytes(300_000);
        var chunks = new StringBuilder();
        for (int at = 0; at < value.Length; at += 50_000) chunks.Append($"{50_000:x}\r\n").Append(value, at, 50_000).Append("\r\n");

        Assert.Equal(200, (await SendChunksAsync(node, chunks.Append("0\r\n\r\n").ToString())).Status);
        Assert.Equal(Encoding.Latin1.GetBytes(value), node.Shard.Stored("a"u8));
    }

    [Theory]
    [InlineData("x\r\n12345\r\n0\r\n\r\n")]
    [InlineData("5\r\n12345678\r\n0\r\n\r\n")]
    [InlineData("-1\r\n\r\n")]
    [InlineData("fffffffffff\r\n")]
    public async Task Malformed_chunks_are_400_and_nothing_is_written(string chunks)
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await SendChunksAsync(node, chunks);
        Assert.Equal(400, answer.Status);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n", "only this")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\n123")]
    public async Task A_body_that_is_cut_off_writes_nothing(string header, string part)
    {
        await using TestNode node = await TestNode.StartAsync();
        using (RawConnection connection = await node.ConnectAsync())
        {
            await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\n{header}\r\n{part}");
            connection.CloseSending();
            if (!await connection.IsClosedAsync()) Assert.Equal(400, (await connection.ReadAsync()).Status);
        }

        Assert.Equal(404, (await node.AskAsync("GET", "/key/a")).Status);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_sender_that_stops_within_its_body_is_cut_off()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nbegin");

        Problem.Is(await connection.ReadAsync(), 408, "body-too-slow", isRetryable: true);

        Assert.True(await connection.IsClosedAsync());
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_sender_that_stops_within_its_head_is_cut_off()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: loc");

        Assert.Equal(408, (await connection.ReadAsync()).Status);
        Assert.True(await connection.IsClosedAsync());
    }

    [Fact]
    public async Task Bodies_on_their_way_in_share_a_bound()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = 8 << 20 });
        List<RawConnection> senders = [];
        try
        {
            // 16 of 8 MiB fill the bound of 128 MiB; all of them were begun when their first bytes were asked for.
            for (int n = 0; n < 16; n++)
            {
                RawConnection sender = await node.ConnectAsync();
                senders.Add(sender);
                await sender.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {8 << 20}\r\n\r\n");
                Assert.Equal(100, (await sender.ReadAsync()).Status);
            }

            RawAnswer refused = await AskForRoomAsync(node);
            Problem.Is(refused, 429, "overloaded", isRetryable: true);
            Assert.Equal("1", refused["Retry-After"]);
            Assert.Equal(200, (await node.AskAsync("POST", "/key/small", body: "v")).Status); // what has arrived needs no room
        }
        finally
        {
            foreach (RawConnection sender in senders) sender.Dispose();
        }

        // Given back when their senders have gone.
        while ((await AskForRoomAsync(node)).Status != 100) await Task.Yield();
    }

    [Theory]
    [InlineData(RefusalCode.NoLeader, 503, "no-leader", "not-applied", true)]
    [InlineData(RefusalCode.NoQuorum, 503, "no-quorum", "not-applied", true)]
    [InlineData(RefusalCode.ShuttingDown, 503, "shutting-down", "not-applied", true)]
    [InlineData(RefusalCode.DeadlineInQueue, 503, "queue-timeout", "not-applied", true)]
    [InlineData(RefusalCode.NotServing, 503, "not-serving", "not-applied", true)]
    [InlineData(RefusalCode.Superseded, 503, "superseded", "not-applied", true)]
    [InlineData(RefusalCode.Timeout, 504, "timeout", "unknown", false)]
    [InlineData(RefusalCode.LeadershipLost, 504, "leadership-lost", "unknown", false)]
    [InlineData(RefusalCode.Overloaded, 429, "overloaded", "not-applied", true)]
    [InlineData(RefusalCode.DiskFull, 507, "disk-full", "not-applied", true)]
    [InlineData(RefusalCode.MemoryFull, 507, "memory-full", "not-applied", true)]
    public async Task A_refusal_of_the_replica_has_one_meaning(RefusalCode refusal, int status, string code, string outcome, bool retryable)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Refusal = new Refusal(refusal, "in words", RetryAfter: TimeSpan.FromMilliseconds(1_200));

        foreach (string method in (string[])["GET", "POST", "PUT", "DELETE"])
        {
            RawAnswer answer = await node.AskAsync(method, "/key/a");
            Problem.Is(answer, status, code, outcome, retryable);
            Assert.Equal(status is 503 or 429 ? "2" : null, answer["Retry-After"]);
            Assert.Equal(status is 503 or 429 ? "1200" : null, answer["Gache-Retry-After-Ms"]);
        }
    }

    private static string Bytes(int size)
    {
        var random = new Random(size);
        return string.Create(size, random, static (span, random) =>
        {
            for (int n = 0; n < span.Length; n++) span[n] = (char)random.Next(256);
        });
    }

    private static async Task<RawAnswer> SendChunksAsync(TestNode node, string chunks)
    {
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        return await connection.ReadAsync();
    }

    private static async Task<RawAnswer> AskForRoomAsync(TestNode node)
    {
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {8 << 20}\r\n\r\n");
        return await connection.ReadAsync();
    }
}
