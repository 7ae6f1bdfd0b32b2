using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>The folder decides what a node is; the order of starting does not matter.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task They_are_stopped_and_started_in_any_order()
    {
        await using Shard shard = await Shard.StartAsync();
        int[][] orders = [[2, 1, 0], [1, 2, 0], [0, 2, 1]];
        foreach (int[] order in orders)
        {
            await shard.WriteAsync(shard.First, $"k{order[0]}", "v");
            foreach (int i in order) Assert.Equal(0, await shard.Nodes[i].StopAsync());
            await shard.RestartAllAsync(order.Select(i => shard.Nodes[i]));
        }

        foreach (int[] order in orders) Assert.Equal("v", await shard.ReadAsync(shard.Nodes[2], $"k{order[0]}"));
        await shard.VotersAsync(3);
    }

    [Fact]
    public async Task A_node_that_joined_needs_its_seed_no_more()
    {
        await using Shard shard = await Shard.StartAsync();
        await shard.WriteAsync(shard.First, "k", "v");
        foreach (Node node in shard.Nodes) await node.StopAsync();

        shard.Nodes[1].Start();
        shard.Nodes[2].Start();

        Assert.Equal("v", await shard.ReadAsync(shard.Nodes[1], "k"));
    }

    [Fact]
    public async Task A_join_address_that_does_not_answer_is_tried_until_it_does()
    {
        using var folder = new TestFolder();
        await using var first = new Node("first", folder["first"]) { From = folder.Path };
        await using var joiner = new Node("joiner", folder["joiner"], first.Api) { From = folder.Path };

        joiner.Start();
        await Wait.UntilAsync("it says which address it tries", () => Task.FromResult(joiner.Process.Log.Contains(first.Api)));
        Assert.False(joiner.Process.HasExited);
        await first.StartReadyAsync();

        await joiner.ReadyAsync();
    }

    /// <summary>P8: it had written "joining" before; neither a crash nor a flag missing later makes it found a shard.</summary>
    [Fact]
    public async Task A_node_that_was_joining_never_founds_a_shard_of_its_own()
    {
        using var folder = new TestFolder();
        int port = Ports.Free();
        int nobody = Ports.Free();
        await using var joiner = new Node("joiner", folder["joiner"], $"127.0.0.1:{nobody}") { From = folder.Path, Port = port };
        joiner.Start();
        await Wait.UntilAsync("it tries to join", () => Task.FromResult(joiner.Process.Log.Contains($"127.0.0.1:{nobody}")));
        await joiner.Process.KillAsync();

        await using var flagless = new Node("flagless", folder["joiner"]) { From = folder.Path, Port = port };
        flagless.Start();
        await Wait.UntilAsync("it tells what it waits for", async () =>
            (await flagless.Client.SendAsync(HttpMethod.Get, $"{flagless.Url}/readyz")).Status == 503);
        Answer write = await flagless.Client.SendAsync(HttpMethod.Post, flagless.Key("k"), [1]);

        Assert.Equal((503, Outcome.NotApplied), (write.Status, write.Outcome));
    }
}
