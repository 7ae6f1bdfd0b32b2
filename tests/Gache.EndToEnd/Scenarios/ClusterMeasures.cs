using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Figures of a whole cluster, printed; each run judges what was answered as well. Run by hand, on a quiet machine (CONTRIBUTING.md).</summary>
public sealed class ClusterMeasures
{
    private const int Rounds = 10;

    [Fact(Explicit = true)]
    public async Task Nine_nodes_serve_all_slots_after_the_last_start()
    {
        var seconds = new List<double>();
        for (int round = 0; round < 5; round++)
        {
            await using ShardedCluster cluster = ShardedCluster.NotStarted(replicas: 3);
            foreach (Node node in cluster.Nodes) node.Start();
            var clock = Stopwatch.StartNew();
            await cluster.ReadyAsync();
            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        Print("nine nodes: last start to all slots served, through every node", "s", seconds);
    }

    /// <summary>All three leaders at once; the time until every shard has taken a write again, from the kill.</summary>
    [Fact(Explicit = true)]
    public async Task Three_leaders_killed_at_once()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        await using var writers = new Writers(cluster.Nodes);
        var seconds = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            await writers.GoOnAsync(1_000, TimeSpan.FromSeconds(60));
            Node[] leaders = [await cluster.LeaderAsync(0), await cluster.LeaderAsync(1), await cluster.LeaderAsync(2)];
            var clock = Stopwatch.StartNew();
            foreach (Node leader in leaders) leader.Process.Send(Signal.Kill);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(shard => TakesWritesAsync(cluster, shard, leaders, $"probe-{round}")));
            seconds.Add(clock.Elapsed.TotalSeconds);
            foreach (Node leader in leaders)
            {
                await leader.Process.ExitAsync();
                leader.Start();
            }

            await cluster.ReadyAsync();
        }

        Print("three leaders killed at once: until every shard has taken a write", "s", seconds);
        await writers.VerifyThroughAsync(cluster);
        TestContext.Current.SendDiagnosticMessage($"{writers.Acknowledged.Count} acknowledged writes, 0 lost; {writers.NotApplied.Count} refused, none applied");
    }

    [Fact(Explicit = true)]
    public async Task Five_thousand_slots_with_a_hundred_thousand_keys_move_under_load()
    {
        const int Keys = 100_000;
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        string[] shards = await cluster.ShardIdsAsync();
        await FillAsync(cluster, Keys);

        // Over all keys, reads and writes; what is refused is asked again.
        await using var prober = new Prober(TimeSpan.FromMilliseconds(5), number =>
        {
            Node node = cluster.Nodes[number % 9];
            string key = $"key-{number * 7919L % Keys}";
            return number % 2 == 0
                ? cluster.Client.FollowAsync(HttpMethod.Get, node.Key(key))
                : cluster.Client.FollowAsync(HttpMethod.Post, node.Key(key), Encoding.UTF8.GetBytes($"value-{key[4..]}"));
        });
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken); // measured idle
        Prober.Figures idle = prober.Take();
        var clock = Stopwatch.StartNew();
        await cluster.MoveAsync(cluster.Nodes[8], "[[0,4999]]", shards[1]);
        await Wait.UntilAsync("nothing moves any more", async () => await cluster.MovesLeftAsync() == 0, TimeSpan.FromMinutes(10));
        double seconds = clock.Elapsed.TotalSeconds;
        Prober.Figures moving = prober.Take();
        await prober.StopAsync();

        int wrong = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            if (await cluster.ReadAsync(cluster.Nodes[i % 9], $"key-{i}") != $"value-{i}") Interlocked.Increment(ref wrong);
        });
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"5,000 slots, {Keys} keys in all: {seconds:0.0} s; before: {idle}; meanwhile: {moving}; wrong afterwards: {wrong}"));
        Assert.Equal(0, wrong);
    }

    private static async Task TakesWritesAsync(ShardedCluster cluster, int shard, Node[] dead, string value)
    {
        string key = KeyOf(shard);
        Node[] alive = [.. cluster.Nodes.Except(dead)];
        using var client = new Client(TimeSpan.FromSeconds(3));
        for (int i = 0; ; i++)
        {
            if ((await client.FollowAsync(HttpMethod.Post, alive[i % alive.Length].Key(key), Encoding.UTF8.GetBytes(value))).Status == 200) return;
        }
    }

    private static string KeyOf(int shard) => Enumerable.Range(0, int.MaxValue).Select(i => $"probe{i}").First(key =>
        ShardedCluster.ShardOf(Gache.Store.Slot.Of(Encoding.UTF8.GetBytes(key))) == shard);

    private static Task FillAsync(ShardedCluster cluster, int keys) =>
        Parallel.ForEachAsync(Enumerable.Range(0, keys), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            await cluster.WriteAsync(cluster.Nodes[i % 9], $"key-{i}", $"value-{i}"));

    private static void Print(string what, string unit, List<double> values)
    {
        values.Sort();
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture, $"{what}: median {values[values.Count / 2]:0.00} {unit}, [{values[0]:0.00} to {values[^1]:0.00}], {values.Count} rounds"));
    }
}
