using System.Diagnostics;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

public sealed class ShutdownTests
{
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SlowClientBound = TimeSpan.FromSeconds(4); // how long a node that stops waits for one

    /// <summary>No write may end as "unknown" because of an orderly stop: what was taken is answered, what comes later is refused.</summary>
    [Fact]
    public async Task SIGTERM_under_load_fails_no_acknowledged_write_and_hands_over()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        for (int round = 0; round < 3; round++)
        {
            await writers.GoOnAsync();
            Node leader = await shard.LeaderAsync();
            var clock = Stopwatch.StartNew();
            Assert.Equal(0, await leader.StopAsync());
            Assert.True(clock.Elapsed < StopBound, $"the stop took {clock.Elapsed}");
            await writers.GoOnAsync();
            await leader.StartReadyAsync();
        }

        await writers.VerifyAsync(shard);
    }

    [Fact]
    public async Task A_single_node_stops_cleanly_and_SIGHUP_is_ignored()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        shard.First.Process.Send(Signal.Hangup);
        await writers.GoOnAsync();
        Assert.Equal(0, await shard.First.StopAsync());
        await shard.First.StartReadyAsync();

        await writers.VerifyAsync(shard);
    }

    /// <summary>A client that takes its time must not keep the shard waiting for the node that stops.</summary>
    [Fact]
    public async Task A_stopping_leader_hands_over_at_once_though_a_slow_client_holds_a_request_open()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        Node leader = await shard.LeaderAsync();
        Node other = shard.Nodes.First(node => node != leader);
        using SlowUpload slow = await SlowUpload.BeginAsync(leader, "slow");

        var clock = Stopwatch.StartNew();
        leader.Process.Send(Signal.Terminate);
        Node next = await Wait.ForAsync("another node takes a write itself", async () =>
        {
            foreach (Node node in shard.Nodes.Where(node => node != leader))
                if ((await shard.Client.SendAsync(HttpMethod.Post, node.Key("after"), [1])).Status == 200) return node;
            return null;
        });
        TimeSpan handedOver = clock.Elapsed;
        string answer = await slow.EndAsync();

        // Also on a busy machine before the slow client is cut off; that it was still there, its answer below says too.
        Assert.True(handedOver < SlowClientBound, $"another node took a write only after {handedOver}");
        Assert.True(answer.StartsWith("HTTP/1.1 307", StringComparison.Ordinal) && answer.Contains($"Location: {next.Key("slow")}\r\n", StringComparison.Ordinal), answer);
        Assert.Equal(0, await leader.Process.ExitAsync());
        await leader.StartReadyAsync();
        await writers.GoOnAsync();
        await writers.VerifyAsync(shard);
        Assert.Null(await shard.ReadAsync(other, "slow"));
    }

    [Fact]
    public async Task A_second_SIGTERM_ends_the_process_at_once()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        Node node = shard.First;
        using SlowUpload slow = await SlowUpload.BeginAsync(node, "slow");
        node.Process.Send(Signal.Terminate);
        await Wait.UntilAsync("it says that it stops", () => Task.FromResult(node.Process.Log.Contains("a second one ends at once")));

        node.Process.Send(Signal.Terminate);

        // By the second signal: the end in good order, which waits for the slow client, has the code 0.
        Assert.Equal(128 + 15, await node.Process.ExitAsync());
    }
}
