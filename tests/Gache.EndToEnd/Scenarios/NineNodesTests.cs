using System.Diagnostics;
using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Highly available sharding: the seed's nine commands, three shards of three.</summary>
public sealed class NineNodesTests
{
    /// <summary>The goal is 1.5 s for all shards; here only "it does not take for ever" is held, on a busy machine.</summary>
    private static readonly TimeSpan FailoverBound = TimeSpan.FromSeconds(20);

    /// <summary>How long a node is cut off at least; <c>GACHE_CUT_OFF_SECONDS</c> for the long form (0 to 3,600 s).</summary>
    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("GACHE_CUT_OFF_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : 5);

    [Fact]
    public async Task All_three_leaders_are_killed_at_once_and_nothing_acknowledged_is_lost()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        await VotersAsync(cluster);
        await using var writers = new Writers(cluster.Nodes);
        for (int round = 0; round < 2; round++)
        {
            await writers.GoOnAsync(100);
            Node[] leaders = [await cluster.LeaderAsync(0), await cluster.LeaderAsync(1), await cluster.LeaderAsync(2)];
            foreach (Node leader in leaders) leader.Process.Send(Signal.Kill);
            foreach (Node leader in leaders) await leader.Process.ExitAsync();
            await writers.GoOnAsync(300, FailoverBound); // of all shards: the keys are spread
            for (int shard = 0; shard < 3; shard++) await cluster.LeaderAsync(shard);
            foreach (Node leader in leaders) leader.Start();
            await cluster.ReadyAsync();
        }

        await writers.VerifyThroughAsync(cluster);
        for (int shard = 0; shard < 3; shard++) await SameStateAsync(cluster, shard);
    }

    [Fact]
    public async Task A_node_cut_off_serves_no_old_value_and_the_others_go_on()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        await VotersAsync(cluster);
        Node cut = await cluster.LeaderAsync(1);

        // Clients that ask the others: who asks the node that stands still waits for his own time to run out.
        await using var writers = new Writers([.. cluster.Nodes.Where(node => node != cut)]);
        await writers.GoOnAsync(100);
        var clock = Stopwatch.StartNew();
        cut.Process.Send(Signal.Stop);
        do await writers.GoOnAsync(300, FailoverBound);
        while (clock.Elapsed < CutOff);
        string key = writers.Acknowledged.Keys.First();
        await cluster.WriteAsync(cluster.Nodes.First(node => node != cut), key, "newer");
        writers.Acknowledged[key] = "newer";
        cut.Process.Send(Signal.Continue);

        // Whatever it believed when it stopped: through it, too, only what is true now.
        Assert.Equal("newer", await cluster.ReadAsync(cut, key));
        await writers.VerifyThroughAsync(cluster);
    }

    [Fact]
    public async Task Nodes_restart_in_any_order_and_every_slot_is_served_again()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        await VotersAsync(cluster);
        for (int i = 0; i < 60; i++) await cluster.WriteAsync(cluster.Nodes[i % 9], $"key-{i}", $"value-{i}");
        foreach (Node node in cluster.Nodes) node.Process.Send(Signal.Terminate);
        foreach (Node node in cluster.Nodes) Assert.Equal(0, await node.Process.ExitAsync());

        Node[] order = [.. cluster.Nodes];
        Random.Shared.Shuffle(order);
        var clock = Stopwatch.StartNew();
        foreach (Node node in order) node.Start();
        await cluster.ReadyAsync();
        TestContext.Current.SendDiagnosticMessage($"nine nodes served all slots {clock.Elapsed.TotalSeconds:0.0} s after the first start");
        for (int i = 0; i < 60; i++) Assert.Equal($"value-{i}", await cluster.ReadAsync(cluster.Nodes[i * 7 % 9], $"key-{i}"));
    }

    private static Task VotersAsync(ShardedCluster cluster) => Wait.UntilAsync("each shard has three voters, all heard", async () =>
    {
        for (int shard = 0; shard < 3; shard++)
        {
            Node leader = await cluster.LeaderAsync(shard);
            Answer answer = await leader.Client.SendAsync(HttpMethod.Get, $"{leader.Url}/cluster");
            if (answer.Status != 200) return false;
            var own = answer.Json.EnumerateArray().First(entry => entry.GetProperty("leader").GetString() == leader.Api);
            var members = own.GetProperty("members").EnumerateArray().ToArray();
            if (members.Length != 3 || members.Any(m => m.GetProperty("role").GetString() is not ("leader" or "voter"))) return false;
        }

        return true;
    }, TimeSpan.FromSeconds(60));

    /// <summary>All replicas of a shard show the same, from their own state, for keys of that shard.</summary>
    private static async Task SameStateAsync(ShardedCluster cluster, int shard)
    {
        Node[] nodes = [.. cluster.Shard(shard)];
        for (int n = 0; n < 100; n++)
        {
            string key = $"w0-{n}";
            await Wait.UntilAsync($"all replicas of shard {shard} show the same for {key}", async () =>
            {
                Answer[] answers = await Task.WhenAll(nodes.Select(node => cluster.Client.SendAsync(HttpMethod.Get, node.Key(key) + "?level=stale")));
                return answers.Select(a => $"{a.Status} {(a.Status == 200 ? a.ETag + a.Text : "")}").Distinct().Count() == 1;
            });
        }
    }
}
