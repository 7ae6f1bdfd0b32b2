using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P7: a node that lost its data comes back as a new member, with the seed's own command typed again.</summary>
public sealed class LostFolderTests
{
    [Fact]
    public async Task A_wiped_follower_rejoins_with_its_own_command()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        await shard.Nodes[2].Process.KillAsync();
        Directory.Delete(shard.Nodes[2].Folder, recursive: true);

        await shard.Nodes[2].StartReadyAsync();
        await shard.VotersAsync(3);
        await writers.GoOnAsync();

        await writers.VerifyAsync(shard);
    }

    /// <summary>The first node's command names nobody to join: those who still dial it tell it that it must not found a second shard.</summary>
    [Fact]
    public async Task A_wiped_first_node_with_its_own_command_founds_nothing_and_says_what_to_type()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        await shard.First.Process.KillAsync();
        Directory.Delete(shard.First.Folder, recursive: true);

        shard.First.Start();
        await Wait.UntilAsync("it says that its address belongs to a shard, and how to rejoin", async () =>
        {
            Answer ready = await shard.Client.SendAsync(HttpMethod.Get, $"{shard.First.Url}/readyz");
            return ready.Status == 503 && ready.Text.Contains("--raft-join", StringComparison.Ordinal);
        });
        Answer write = await shard.Client.SendAsync(HttpMethod.Post, shard.First.Key("k"), [1]);

        Assert.Equal((503, Outcome.NotApplied), (write.Status, write.Outcome));
        await writers.GoOnAsync();
    }

    [Fact]
    public async Task A_wiped_first_node_rejoins_when_it_is_told_whom_to_join()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        await shard.First.Process.KillAsync();
        Directory.Delete(shard.First.Folder, recursive: true);

        await using var rejoining = new Node("node1 again", shard.First.Folder, shard.Nodes[1].Api)
        {
            From = shard.Folder.Path,
            Port = shard.First.Port,
            RaftPort = shard.First.RaftPort,
        };
        await rejoining.StartReadyAsync();
        await shard.VotersAsync(3);

        await writers.StopAsync();
        await writers.ReplicasAgreeAsync([rejoining, shard.Nodes[1], shard.Nodes[2]]);
    }

    /// <summary>The copy holds a log without entries that this member had acknowledged: its vote could lose them.</summary>
    [Fact]
    public async Task A_node_with_a_folder_restored_from_an_old_copy_rejoins_empty_and_keeps_the_copy()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        Node restored = shard.Nodes[2];
        await writers.GoOnAsync();
        await restored.StopAsync();
        TestFolder.Copy(restored.Folder, shard.Folder["copy"]);
        await restored.StartReadyAsync();
        await writers.GoOnAsync(500);
        await restored.StopAsync();
        Directory.Delete(restored.Folder, recursive: true);
        Directory.Move(shard.Folder["copy"], restored.Folder);

        await restored.StartReadyAsync();
        await shard.VotersAsync(3);
        await writers.GoOnAsync();

        await writers.VerifyAsync(shard);
        Assert.True(restored.Process.Log.Contains($"its old data stays in {restored.Folder}"), restored.Process.Log.ToString());
    }

    /// <summary>Whoever says that it is a member and has no log must not vote as if it had never promised anything.</summary>
    [Fact]
    public async Task A_member_without_its_log_stops_with_exit_code_65_and_says_what_is_missing()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await shard.First.StopAsync();
        string log = Assert.Single(Directory.GetDirectories(shard.First.Folder, "log", SearchOption.AllDirectories));
        Directory.Delete(log, recursive: true);

        shard.First.Start();

        Assert.Equal(65, await shard.First.Process.ExitAsync());
        Assert.Contains("its log is not there", Assert.Single(shard.First.Process.Errors.Lines, line => line.StartsWith("gache:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
