using System.Diagnostics;
using System.Text;
using Gache.Server.Http.Many;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>Clients that do not take their answers must not keep others from theirs (P10).</summary>
public sealed class SlowReadersTests
{
    private const int LargeBytes = 512 * 1024;
    private const int Large = 16; // together more than the buffers of both ends of a connection hold

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_client_that_takes_nothing_is_cut_off_where_another_finds_no_room()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { BatchBodiesBytes = 256 * 1024 });
        Assert.Equal(200, (await node.AskAsync("POST", "/key/large", body: new string('v', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        await SendBatchAsync(reader, 200 * 1024);
        long began = Stopwatch.GetTimestamp();
        RawAnswer other = await UntilAsync(node, status => status == 429);
        Problem.Is(other, 429, "overloaded", isRetryable: true);
        await UntilAsync(node, status => status == 200);
        Assert.True(Stopwatch.GetElapsedTime(began) >= ManyLimits.LongestStandstill, "it had its time");
        byte[] taken = await reader.ReadToEndAsync();
        Assert.True(taken.Length < Large * LargeBytes, "it was cut off in the midst of its answer");
    }

    [Fact]
    public async Task A_client_that_takes_nothing_for_long_gets_all_where_nobody_needs_the_room()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal(200, (await node.AskAsync("POST", "/key/large", body: new string('v', LargeBytes))).Status);
        using RawConnection reader = await node.ConnectAsync();
        await SendBatchAsync(reader, 200 * 1024, "Connection: close\r\n");
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < ManyLimits.LongestStandstill * 1.2) await UntilAsync(node, status => status == 200);
        Assert.Equal(Large, Encoding.ASCII.GetString(await reader.ReadToEndAsync()).Split("\"status\":200").Length - 1);
    }

    private static async Task SendBatchAsync(RawConnection reader, int bodyBytes, string header = "")
    {
        string body = string.Concat(Enumerable.Repeat("{\"op\":\"get\",\"key\":\"large\"}\n", Large)).PadRight(bodyBytes);
        await reader.SendAsync($"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n{header}\r\n{body}");
        await reader.BeginsAsync();
    }

    private static async Task<RawAnswer> UntilAsync(TestNode node, Func<int, bool> isWanted)
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            RawAnswer answer = await node.AskAsync("POST", "/batch", body: "{\"op\":\"get\",\"key\":\"none\"}");
            if (isWanted(answer.Status)) return answer;
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"still {answer.Status}");
        }
    }
}
