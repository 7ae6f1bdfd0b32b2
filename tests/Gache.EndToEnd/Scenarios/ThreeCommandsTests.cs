using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>What the README tells a user to type, typed.</summary>
public sealed class ThreeCommandsTests
{
    /// <summary>The first start builds the server.</summary>
    private static readonly TimeSpan FirstStart = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_three_commands_make_a_shard_that_any_node_answers_for()
    {
        await using Shard shard = await Shard.StartAsync();

        for (int i = 0; i < shard.Nodes.Count; i++)
        {
            Answer written = await shard.Client.FollowAsync(HttpMethod.Post, shard.Nodes[i].Key($"{i}"), "key-value"u8.ToArray());
            Assert.Equal(200, written.Status);
            foreach (Node node in shard.Nodes) Assert.Equal("key-value", await shard.ReadAsync(node, $"{i}"));
        }
    }

    [Fact]
    public async Task A_node_that_does_not_lead_redirects_with_the_same_target()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        Node other = shard.Nodes.First(node => node != leader);

        Answer answer = await other.Client.SendAsync(HttpMethod.Get, other.Key("a%2Fb//c;d") + "?level=linearizable");

        Assert.Equal(307, answer.Status);
        Assert.Equal(leader.Key("a%2Fb//c;d") + "?level=linearizable", answer.Location);
    }

    [Fact]
    public async Task One_command_and_two_curls_from_any_folder_through_a_link()
    {
        using var folder = new TestFolder();
        using var client = new Client();
        int port = Ports.Free();
        File.CreateSymbolicLink(folder["start"], Path.Combine(ServerBinary.Root, "gache"));
        await using var node = new ChildProcess("gache", folder["start"], ["-p", $"{port}", "--raft-dir", "./data"], folder.Path);
        string url = $"http://127.0.0.1:{port}";
        await Wait.UntilAsync("it is ready", async () =>
        {
            if (node.HasExited) Assert.Fail($"it ended with {await node.ExitAsync()}:\n{node.Log}");
            return (await client.SendAsync(HttpMethod.Get, $"{url}/readyz")).Status == 200;
        }, FirstStart);

        Answer written = await client.FollowAsync(HttpMethod.Post, $"{url}/key/2", "key2-value"u8.ToArray());
        Answer read = await client.FollowAsync(HttpMethod.Get, $"{url}/key/2");

        Assert.Equal((200, 200, "key2-value"), (written.Status, read.Status, read.Text));
        Assert.True(Directory.Exists(folder["data"]), "the data folder is not where the user stands");
        node.Send(Signal.Terminate);
        Assert.Equal(0, await node.ExitAsync());
    }
}
