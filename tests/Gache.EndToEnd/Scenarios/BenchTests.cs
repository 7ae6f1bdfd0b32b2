using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary><c>./gache bench</c> against real nodes: what it measures it verifies, also through redirects and the loss of a leader.</summary>
public sealed class BenchTests
{
    [Fact]
    public async Task A_sharded_cluster_answers_rightly_and_its_owners_are_remembered()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string file = cluster.Folder["figures.json"];
        await using var bench = new ChildProcess(
            "bench", ServerBinary.Bench,
            ["bench", string.Join(',', cluster.Nodes.Select(node => node.Api)), "--only", "PSet,PGet", "--keys", "500", "--seconds", "2", "-c", "8", "--json", file],
            cluster.Folder.Path);

        Assert.Equal(0, await bench.ExitAsync(TimeSpan.FromSeconds(60)));
        JsonElement[] parts = await PartsAsync(file);
        Assert.Equal(["PSet", "PGet"], parts.Select(part => part.GetProperty("name").GetString()));
        foreach (JsonElement part in parts)
        {
            Assert.Equal((0, 0, 0), (Count(part, "wrong"), Count(part, "missing"), Count(part, "unanswered")));
            Assert.InRange(Count(part, "right"), 500, int.MaxValue);
        }

        // Each slot's owner is asked for once, in the warm-up or after it; then nobody is sent on any more.
        Assert.InRange(Count(parts[0], "redirected"), 0, 500);
        Assert.Equal(0, Count(parts[1], "redirected"));
        // What it says it set is there, and is the key's URL.
        for (int key = 0; key < 500; key += 50)
            Assert.Equal($"http://{cluster.Nodes[0].Api}/key/{key}", await cluster.ReadAsync(cluster.Nodes[key % 3], $"{key}"));
    }

    [Fact]
    public async Task A_leader_killed_meanwhile_is_a_gap_and_no_wrong_answer()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        string file = shard.Folder["figures.json"];
        await using var bench = new ChildProcess(
            "bench", ServerBinary.Bench,
            [
                "bench", string.Join(',', shard.Nodes.Select(node => node.Api)), "--read-ratio", "0.5", "--keys", "200", "--prefix", "b-",
                "--seconds", "5", "--warm-up", "0", "-c", "8", "--distribution", "zipfian", "--json", file, "--plot", shard.Folder["plots"],
            ],
            shard.Folder.Path);
        // The last key is set by the filling, so after a while only what is measured writes.
        await Wait.UntilAsync("it has begun", async () => (await leader.Client.SendAsync(HttpMethod.Get, leader.Key("b-199"))).Status == 200);
        ulong before = await RevisionAsync(leader);
        await Wait.UntilAsync("it writes", async () => await RevisionAsync(leader) > before + 400);
        await leader.Process.KillAsync();

        Assert.Equal(0, await bench.ExitAsync(TimeSpan.FromSeconds(60)));
        JsonElement mix = Assert.Single(await PartsAsync(file));
        Assert.Equal((0, 0), (Count(mix, "wrong"), Count(mix, "missing")));
        Assert.InRange(Count(mix, "unanswered") + Count(mix, "refused"), 1, int.MaxValue);
        Assert.InRange(mix.GetProperty("longestWriteGapMs").GetDouble(), 20, 5_000);
        Assert.Contains(mix.GetProperty("samples").EnumerateArray(), sample => sample.GetProperty("failed").GetInt64() > 0);
        Assert.InRange(mix.GetProperty("samples").EnumerateArray().Last(sample => sample.GetProperty("perSecond").GetDouble() > 0).GetProperty("at").GetDouble(), 3, 60);
        Assert.True(File.Exists(Path.Combine(shard.Folder["plots"], "throughput.svg")));
    }

    private static async Task<ulong> RevisionAsync(Node node) => ulong.Parse(
        (await node.Client.SendAsync(HttpMethod.Post, node.Key("other"), "x"u8.ToArray())).ETag!.Trim('"'), System.Globalization.CultureInfo.InvariantCulture);

    private static long Count(JsonElement part, string name) => part.GetProperty(name).GetInt64();

    private static async Task<JsonElement[]> PartsAsync(string file)
    {
        using JsonDocument figures = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        return [.. figures.RootElement.GetProperty("parts").EnumerateArray().Select(part => part.Clone())];
    }
}
