using System.Globalization;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>A shard that lost its majority for good goes on with one member's folder.</summary>
public sealed class RecoverTests
{
    private const int Keys = 50;
    private const ulong RevisionsRaised = 1ul << 32;
    private const ulong EpochsRaised = 1ul << 16;

    [Fact]
    public async Task A_shard_goes_on_with_one_folder_and_the_others_come_back_only_as_new_members()
    {
        await using Shard shard = await Shard.StartAsync();
        for (int i = 0; i < Keys; i++) await shard.WriteAsync(shard.First, $"key-{i}", $"value-{i}");
        Node kept = await shard.LeaderAsync();
        ulong revision = Revision(await shard.Client.SendAsync(HttpMethod.Get, kept.Key($"key-{Keys - 1}")));
        JsonElement before = (await kept.ClusterAsync())!.Value;
        string id = before.GetProperty("shard").GetString()!;
        foreach (Node node in shard.Nodes) await node.Process.KillAsync();

        (int Code, string Text) wrong = await RecoverAsync(kept, "--yes-lose", new string('0', 31) + "1");
        (int Code, string Text) dry = await RecoverAsync(kept, "--dry-run");
        Assert.Equal((64, 0), (wrong.Code, dry.Code));
        foreach (string text in new[] { wrong.Text, dry.Text }) Assert.Contains("is lost for good", text, StringComparison.Ordinal);
        (int Code, string Text) done = await RecoverAsync(kept, "--yes-lose", id);
        Assert.True(done.Code == 0, done.Text);

        // It leads alone; the others' folders are as good as gone.
        await kept.StartReadyAsync();
        JsonElement after = (await kept.ClusterAsync())!.Value;
        Assert.Equal((id, 1), (after.GetProperty("shard").GetString(), after.GetProperty("members").GetArrayLength()));
        Assert.True(after.GetProperty("term").GetUInt64() > before.GetProperty("term").GetUInt64() + RevisionsRaised, after.ToString());
        for (int i = 0; i < Keys; i++) Assert.Equal($"value-{i}", await shard.ReadAsync(kept, $"key-{i}"));
        Answer written = await shard.Client.SendAsync(HttpMethod.Post, kept.Key("key-0"), "new"u8.ToArray());
        Assert.True(Revision(written) > revision + RevisionsRaised, $"{written.ETag} after {revision}");

        // They are started after all, with the data that they have: a majority of a configuration of long ago.
        Node[] others = [.. shard.Nodes.Where(node => node != kept)];
        for (int i = 0; i < others.Length; i++)
        {
            // One after the other: the second needs a snapshot that the first confirms.
            others[i].Start();
            await shard.VotersAsync(i + 2, TimeSpan.FromSeconds(60));
        }

        foreach (Node node in others)
        {
            Assert.Contains($"its old data stays in {node.Folder}", node.Process.Log.ToString(), StringComparison.Ordinal);
            Assert.Equal("new", await shard.ReadAsync(node, "key-0"));
        }
    }

    [Fact]
    public async Task A_recovered_shard_of_a_cluster_owns_its_slots_anew_and_is_found()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        for (int i = 0; i < Keys; i++) await cluster.WriteAsync(cluster.Nodes[0], $"key-{i}", $"value-{i}");
        Node recovered = cluster.Nodes[1];
        string shard = await ShardOfAsync(recovered);
        await recovered.StopAsync();
        (int Code, string Text) done = await RecoverAsync(recovered, "--yes-lose", shard);
        Assert.True(done.Code == 0, done.Text);

        recovered.Start();
        await cluster.ReadyAsync();
        for (int i = 0; i < Keys; i++) Assert.Equal($"value-{i}", await cluster.ReadAsync(cluster.Nodes[2], $"key-{i}"));
        await Wait.UntilAsync("another node knows the raised epoch", async () =>
            (await cluster.Client.SendAsync(HttpMethod.Get, $"{cluster.Nodes[2].Url}/cluster")).Json.EnumerateArray()
                .Single(one => one.GetProperty("shard").GetString() == shard).GetProperty("epoch").GetUInt64() > EpochsRaised);
    }

    private static async Task<(int Code, string Text)> RecoverAsync(Node node, params string[] more)
    {
        await using var process = new ChildProcess("recover", ServerBinary.Path, ["recover", "--raft-dir", node.Folder, .. more], node.From);
        int code = await process.ExitAsync();
        return (code, process.Log.ToString());
    }

    private static async Task<string> ShardOfAsync(Node node) =>
        (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray()
            .Single(shard => shard.GetProperty("apiAddr").GetString() == node.Api).GetProperty("shard").GetString()!;

    private static ulong Revision(Answer answer) => ulong.Parse(answer.ETag!.Trim('"'), CultureInfo.InvariantCulture);
}
