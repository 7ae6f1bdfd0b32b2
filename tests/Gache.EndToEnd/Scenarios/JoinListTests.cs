using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P8: identical arguments for all nodes, the first included: one shard is founded, and never a second one.</summary>
public sealed class JoinListTests
{
    [Fact]
    public async Task Three_with_identical_arguments_become_one_shard_of_three_voters_and_stay_it_in_any_order_of_restarts()
    {
        await using var three = new Listed(3);
        await three.StartAsync();
        string shard = await three.OneShardAsync();
        await three.WriteAsync("k", "v");

        foreach (int[] order in (int[][])[[2, 1, 0], [1, 0, 2]])
        {
            foreach (int i in order) Assert.Equal(0, await three.Nodes[i].StopAsync());
            foreach (int i in order) three.Nodes[i].Start();
            foreach (Node node in three.Nodes) await node.ReadyAsync();
            Assert.Equal(shard, await three.OneShardAsync());
        }

        Assert.Equal("v", await three.ReadAsync("k"));
    }

    [Fact]
    public async Task A_first_node_whose_folder_was_lost_joins_again_with_the_same_arguments()
    {
        await using var three = new Listed(3);
        await three.StartAsync();
        string shard = await three.OneShardAsync();
        await three.WriteAsync("k", "v");
        await three.Nodes[0].Process.KillAsync();
        Directory.Delete(three.Nodes[0].Folder, recursive: true);

        await three.Nodes[0].StartReadyAsync();

        Assert.Equal(shard, await three.OneShardAsync());
        Assert.Equal("v", await three.ReadAsync("k"));
        Assert.False(three.Nodes[0].Process.Log.Contains("founded shard"), three.Nodes[0].Process.Log.ToString());
    }

    /// <summary>All others that it could ask are gone for the moment, and their folders are not empty.</summary>
    [Fact]
    public async Task A_first_node_whose_folder_was_lost_waits_for_those_that_do_not_answer()
    {
        await using var three = new Listed(3);
        await three.StartAsync();
        string shard = await three.OneShardAsync();
        foreach (Node node in three.Nodes) await node.Process.KillAsync();
        Directory.Delete(three.Nodes[0].Folder, recursive: true);

        three.Nodes[0].Start();
        await Listed.WaitsForAsync(three.Nodes[0], three.Nodes[1], three.Nodes[2]);
        Answer write = await three.Nodes[0].Client.SendAsync(HttpMethod.Post, three.Nodes[0].Key("k"), [1]);
        Assert.Equal((503, Outcome.NotApplied), (write.Status, write.Outcome));
        three.Nodes[1].Start();
        three.Nodes[2].Start();

        foreach (Node node in three.Nodes) await node.ReadyAsync();
        Assert.Equal(shard, await three.OneShardAsync());
    }

    [Fact]
    public async Task As_long_as_one_of_three_was_never_there_nobody_founds_and_readyz_names_it()
    {
        await using var three = new Listed(3);
        three.Nodes[0].Start();
        three.Nodes[1].Start();
        // Far longer than a node that is alone waits before it founds: each says again and again, in these seconds, whom it waits for.
        for (DateTime end = DateTime.UtcNow.AddSeconds(4); DateTime.UtcNow < end;)
        {
            await Listed.WaitsForAsync(three.Nodes[0], three.Nodes[2]);
            await Listed.WaitsForAsync(three.Nodes[1], three.Nodes[2]);
        }

        Assert.All(three.Nodes.Take(2), node => Assert.False(node.Process.Log.Contains("founded shard"), node.Process.Log.ToString()));
        Assert.True(three.Nodes[1].Process.Log.Contains($"waiting for {three.Nodes[0].Api}, the first of --raft-join"), three.Nodes[1].Process.Log.ToString());

        three.Nodes[2].Start();
        foreach (Node node in three.Nodes) await node.ReadyAsync();
        await three.OneShardAsync();
    }

    /// <summary>The first was killed while it waited; what its folder says keeps it from founding alone when the list is forgotten.</summary>
    [Fact]
    public async Task A_list_that_is_forgotten_founds_nothing()
    {
        await using var three = new Listed(3);
        Node first = three.Nodes[0];
        first.Start();
        await Listed.WaitsForAsync(first, three.Nodes[1]);
        await first.Process.KillAsync();

        await using var forgetful = new Node("forgetful", first.Folder) { Port = first.Port, RaftPort = first.RaftPort };
        forgetful.Start();
        await Listed.WaitsForAsync(forgetful, three.Nodes[1]);
    }

    /// <summary>At what a node has just said in its log one is killed, and started again: the nodes have one shard in the end.</summary>
    [Theory]
    [InlineData(0, "listening before a shard is founded", 0)]
    [InlineData(1, "agreed that node", 0)]
    [InlineData(1, "agreed that node", 1)]
    [InlineData(0, "founded shard", 0)]
    [InlineData(0, "founded shard", 1)]
    [InlineData(1, "joined shard", 0)]
    [InlineData(1, "joined shard", 1)]
    public async Task A_node_that_is_killed_while_the_shard_is_founded_makes_no_second_one(int watched, string moment, int killed)
    {
        await using var three = new Listed(3);
        foreach (Node node in three.Nodes) node.Start();
        await Wait.UntilAsync($"{three.Nodes[watched].Name} says: {moment}", () => Task.FromResult(three.Nodes[watched].Process.Log.Contains(moment)));
        await three.Nodes[killed].Process.KillAsync();

        three.Nodes[killed].Start();

        foreach (Node node in three.Nodes) await node.ReadyAsync();
        await three.OneShardAsync();
    }

    /// <summary>Nodes that differ in nothing but their own addresses.</summary>
    private sealed class Listed : IAsyncDisposable
    {
        private readonly TestFolder folder = new();
        private readonly Client client = new();

        public Listed(int size)
        {
            int[] ports = [.. Enumerable.Range(0, size).Select(_ => Ports.Free())];
            string list = string.Join(',', ports.Select(port => $"127.0.0.1:{port}"));
            Nodes = [.. ports.Select((port, i) => new Node($"node{i + 1}", folder[$"node{i + 1}"], list) { From = folder.Path, Port = port })];
        }

        public Node[] Nodes { get; }

        /// <summary>Starts all at once and waits until all are ready.</summary>
        public async Task StartAsync()
        {
            foreach (Node node in Nodes) node.Start();
            foreach (Node node in Nodes) await node.ReadyAsync();
        }

        /// <summary>Waits until each node says that all are voters of its shard; and they must say the same shard.</summary>
        public async Task<string> OneShardAsync()
        {
            List<string> shards = [];
            foreach (Node node in Nodes)
            {
                await Wait.UntilAsync($"{node.Name} knows {Nodes.Length} voters", async () =>
                {
                    if (await node.ClusterAsync() is not { } cluster) return false;
                    JsonElement[] members = [.. cluster.GetProperty("members").EnumerateArray()];
                    return members.Length == Nodes.Length && members.All(member => member.GetProperty("role").GetString() is "leader" or "voter");
                });
                shards.Add((await node.ClusterAsync())!.Value.GetProperty("shard").GetString()!);
            }

            return Assert.Single(shards.Distinct());
        }

        /// <summary>Waits until a node says in <c>/readyz</c> that these do not answer.</summary>
        public static Task WaitsForAsync(Node node, params Node[] silent) => Wait.UntilAsync($"{node.Name} says whom it waits for", async () =>
        {
            Answer ready = await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/readyz");
            return ready.Status == 503 && silent.All(other => ready.Text.Contains($"{other.Api}: nobody answers", StringComparison.Ordinal));
        });

        public Task WriteAsync(string key, string value) => Wait.UntilAsync($"a write of {key} is acknowledged", async () =>
            (await client.FollowAsync(HttpMethod.Post, Nodes[2].Key(key), System.Text.Encoding.UTF8.GetBytes(value))).Status == 200);

        public async Task<string> ReadAsync(string key)
        {
            string? read = null;
            await Wait.UntilAsync($"a read of {key} is answered", async () =>
            {
                Answer answer = await client.FollowAsync(HttpMethod.Get, Nodes[1].Key(key));
                read = answer.Text;
                return answer.Status is 200 or 404;
            });
            return read!;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (Node node in Nodes) await node.DisposeAsync();
            client.Dispose();
            folder.Dispose();
        }
    }
}
