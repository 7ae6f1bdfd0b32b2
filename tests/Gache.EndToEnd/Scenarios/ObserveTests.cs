using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>What an operator sees of real nodes: figures, and a log that neither hides nor frightens.</summary>
public sealed class ObserveTests
{
    private const int SyncMilliseconds = 700;
    private const int SlowRequest = 404;

    private static readonly int[] UsualWhileStarting = [132, 303, 304, 330];

    [Fact]
    public async Task Nodes_that_start_and_do_not_know_each_other_yet_are_no_warning_until_it_has_lasted()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        foreach (Node node in cluster.Nodes)
        {
            var told = new HashSet<(int Event, string Message)>();
            foreach (JsonElement line in node.Process.Errors.Lines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement))
            {
                if (!line.TryGetProperty("event", out JsonElement number) || !UsualWhileStarting.Contains(number.GetInt32())) continue;
                (int, string) what = (number.GetInt32(), line.GetProperty("message").GetString()!);
                Assert.True(line.GetProperty("level").GetString() == "info" || told.Contains(what) || what.Item1 == 132, $"{node.Name} warns at once: {line}");
                told.Add(what);
            }
        }
    }

    [Fact]
    public async Task A_slow_disk_is_named_by_the_log_and_shown_by_the_figures()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.First.StopAsync();
        shard.First.Start(Strace.Command(shard.Folder["trace"], "fdatasync", string.Create(CultureInfo.InvariantCulture, $"inject=fdatasync:delay_enter={SyncMilliseconds * 1_000}:when=12+")));
        await shard.First.ReadyAsync();
        string line = await Wait.ForAsync("a slow write is told", async () =>
        {
            await shard.WriteAsync(shard.First, "secret-key", "secret-value");
            return shard.First.Process.Errors.Lines.FirstOrDefault(line => line.Contains($"\"event\":{SlowRequest},", StringComparison.Ordinal) && line.Contains("POST", StringComparison.Ordinal));
        });
        Assert.Contains("slowest stage: fsync", line, StringComparison.Ordinal);
        Assert.False(shard.First.Process.Log.Contains("secret-key") || shard.First.Process.Log.Contains("secret-value"));

        string figures = (await shard.First.Client.SendAsync(HttpMethod.Get, $"{shard.First.Url}/metrics")).Text;
        double slowest = Buckets(figures, "gache_disk_wal_fsync_duration_seconds").First(bucket => bucket.Count == Buckets(figures, "gache_disk_wal_fsync_duration_seconds").Max(one => one.Count)).Bound;
        Assert.InRange(slowest, SyncMilliseconds / 1_000.0, double.PositiveInfinity);
    }

    [Fact]
    public async Task The_leader_and_a_follower_of_three_show_what_each_does()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        Node follower = shard.Nodes.First(node => node != leader);
        for (int n = 0; n < 5; n++) await shard.WriteAsync(follower, $"k{n}", "v"); // redirected

        await ShowsAsync(leader, ("gache_server_is_leader", 1), ("gache_server_has_leader", 1), ("gache_server_proposals_total", 5));
        await ShowsAsync(follower, ("gache_server_is_leader", 0), ("gache_server_has_leader", 1), ("gache_server_proposals_total", 0));
        await ShowsAsync(leader, ("gache_network_active_peers", 2), ("gache_server_write_duration_seconds_count", 5), ("gache_server_replicate_duration_seconds_count", 5));
        await ShowsAsync(follower, ("gache_network_active_peers", 2), ("gache_server_write_duration_seconds_count", 0), ("gache_server_queue_duration_seconds_count", 0));
        string documented = (await follower.Client.SendAsync(HttpMethod.Get, $"{follower.Url}/openapi.json")).Json.GetProperty("openapi").GetString()!;
        Assert.StartsWith("3.1", documented, StringComparison.Ordinal);
    }

    /// <summary>A picture of the replica is a moment old, and an answer is counted after it was given.</summary>
    private static Task ShowsAsync(Node node, params (string Name, double Value)[] wanted) => Wait.UntilAsync($"{node.Name} shows {string.Join(", ", wanted)}", async () =>
    {
        string figures = (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/metrics")).Text;
        return wanted.All(one => Value(figures, one.Name) == one.Value);
    });

    private static double Value(string figures, string name)
    {
        Match match = Regex.Match(figures, $@"^{name}(\{{[^}}]*\}})? (\S+)", RegexOptions.Multiline);
        Assert.True(match.Success, $"{name} is not shown");
        return double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
    }

    private static IEnumerable<(double Bound, double Count)> Buckets(string figures, string name) =>
        from match in Regex.Matches(figures, $@"^{name}_bucket\{{le=""([^""]+)""\}} (\S+)", RegexOptions.Multiline)
        let bound = match.Groups[1].Value
        select (bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture), double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
}
