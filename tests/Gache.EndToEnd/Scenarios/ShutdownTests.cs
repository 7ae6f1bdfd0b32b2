using System.Diagnostics;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

public sealed class ShutdownTests
{
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(10);

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
}
