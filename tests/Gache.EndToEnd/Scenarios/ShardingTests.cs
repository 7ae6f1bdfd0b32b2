using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>The seed's sharded mode: three commands, any node for any key.</summary>
public sealed class ShardingTests
{
    /// <summary><c>GACHE_SHARDED_KEYS</c> for the long form (1 to 100,000).</summary>
    private static readonly int Keys =
        int.TryParse(Environment.GetEnvironmentVariable("GACHE_SHARDED_KEYS"), CultureInfo.InvariantCulture, out int keys) ? keys : 300;

    [Fact]
    public async Task Keys_written_through_any_node_are_read_through_every_node_and_are_there_after_a_restart()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        for (int i = 0; i < Keys; i++) await cluster.WriteAsync(cluster.Nodes[i % 3], $"key-{i}", $"value-{i}");
        await ReadAllAsync(cluster);

        // Each slot's owner alone answers without a redirect.
        int[] owned = new int[3];
        for (int i = 0; i < Keys; i++)
        {
            for (int n = 0; n < 3; n++)
            {
                if ((await cluster.Client.SendAsync(HttpMethod.Get, cluster.Nodes[n].Key($"key-{i}"))).Status == 200) owned[n]++;
            }
        }

        Assert.Equal(Keys, owned.Sum());
        Assert.All(owned, count => Assert.InRange(count, Keys / 6, Keys / 2));
        TestContext.Current.SendDiagnosticMessage($"{Keys} keys written through three nodes and read through each; owned: {string.Join(", ", owned)}");

        foreach (Node node in cluster.Nodes) await node.Process.KillAsync();
        foreach (Node node in cluster.Nodes.Reverse()) node.Start();
        await cluster.ReadyAsync();
        await ReadAllAsync(cluster);
    }

    [Fact]
    public async Task A_first_node_whose_folder_was_lost_founds_no_second_cluster_and_says_what_to_type()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        Node first = cluster.Nodes[0];
        await first.Process.KillAsync();
        Directory.Delete(first.Folder, recursive: true);
        first.Start(); // at once, with its own command

        await Wait.UntilAsync("it says whose address this is", async () =>
            (await first.Client.SendAsync(HttpMethod.Get, $"{first.Url}/readyz")).Text.Contains("belongs to cluster", StringComparison.Ordinal));
        Answer refused = await first.Client.SendAsync(HttpMethod.Post, first.Key("a"), "v"u8.ToArray());
        Assert.Equal(503, refused.Status);
        Assert.DoesNotContain("founded shard", first.Process.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_a_cluster_does_not_start_without_its_cluster_port_nor_a_member_without_its_raft_port()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        Node node = cluster.Nodes[8];
        await Wait.UntilAsync("its peers are saved", () => Task.FromResult(File.Exists(Path.Combine(node.Folder, "peers"))));
        Assert.Equal(0, await node.StopAsync());
        string port = node.Port.ToString(CultureInfo.InvariantCulture);
        await RefusedAsync("--cluster-port", "--raft-addr", $"127.0.0.1:{node.RaftPort}", "--raft-dir", node.Folder, "-p", port);
        await RefusedAsync("--raft-addr", "--raft-dir", node.Folder, "-p", port, "--cluster-port", $"{cluster.ClusterPorts[8]}");

        async Task RefusedAsync(string named, params string[] arguments)
        {
            await using var process = new ChildProcess("gache", ServerBinary.Path, arguments, cluster.Folder.Path);
            Assert.Equal(64, await process.ExitAsync());
            Assert.Contains(process.Errors.Lines, line => line.StartsWith("gache: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Keys_of_slots_that_nobody_owns_yet_are_refused_as_such_and_the_others_are_served()
    {
        await using ShardedCluster cluster = ShardedCluster.NotStarted(replicas: 1);
        Node first = cluster.Nodes[0];
        await first.StartReadyAsync();
        var codes = new HashSet<string>();
        for (int i = 0; i < 60; i++)
        {
            Answer answer = await cluster.Client.SendAsync(HttpMethod.Post, first.Key($"key-{i}"), "v"u8.ToArray());
            codes.Add(answer.Code ?? "served");
            if (answer.Code is not null) Assert.Equal((503, "not-applied"), (answer.Status, answer.Problem!.Value.GetProperty("outcome").GetString()));
        }

        Assert.Equal(["served", "slots-unassigned"], codes.Order());
        await Wait.UntilAsync("it names the slots that nobody owns", async () =>
        {
            Answer ready = await first.Client.SendAsync(HttpMethod.Get, $"{first.Url}/readyz?scope=cluster");
            return ready.Status == 503 && ready.Text.Contains("slots without owner: 5001-16383", StringComparison.Ordinal);
        });

        // The second and the third come, and each brings its own.
        cluster.Nodes[2].Start();
        cluster.Nodes[1].Start();
        await cluster.ReadyAsync();
    }

    [Fact]
    public async Task A_new_shard_that_claims_anothers_slots_ends_and_names_who_has_them()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        await using var claimant = new Node("claimant", cluster.Folder["claimant"], null,
            "--cluster-port", $"{Ports.Free()}", "--cluster-slot", "9000-9100", "--cluster-members", ShardedCluster.Local(cluster.ClusterPorts[0]))
        {
            HasRaft = false,
            From = cluster.Folder.Path,
        };
        claimant.Start();

        Assert.Equal(64, await claimant.Process.ExitAsync());
        Assert.Contains("5001-10000", claimant.Process.Log.ToString(), StringComparison.Ordinal);
        await cluster.ReadyAsync();
    }

    [Fact]
    public async Task A_node_restarted_without_members_finds_its_cluster_and_two_clusters_never_merge()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        await using ShardedCluster other = await ShardedCluster.StartAsync(replicas: 1);
        await cluster.WriteAsync(cluster.Nodes[0], "a", "here");
        await other.WriteAsync(other.Nodes[0], "a", "there");

        // The first node never had --cluster-members. All are killed; it starts alone and before the others.
        foreach (Node node in cluster.Nodes) await node.Process.KillAsync();
        cluster.Nodes[0].More = ["--cluster-members", ShardedCluster.Local(other.ClusterPorts[0])]; // and now it is even sent to strangers
        cluster.Nodes[0].Start();
        await Wait.UntilAsync("the strangers refuse it by name", () => Task.FromResult(
            (cluster.Nodes[0].Process.Log.ToString() + other.Nodes[0].Process.Log).Contains("two clusters never merge", StringComparison.Ordinal)));
        cluster.Nodes[2].Start();
        cluster.Nodes[1].Start();
        await cluster.ReadyAsync();

        foreach (ShardedCluster each in new[] { cluster, other })
        {
            foreach (Node node in each.Nodes)
            {
                Assert.Equal(each == cluster ? "here" : "there", await each.ReadAsync(node, "a"));
                JsonElement[] shards = [.. (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray()];
                Assert.Equal(3, shards.Length);
                Assert.Single(shards.Select(shard => shard.GetProperty("cluster").GetString()).Distinct());
            }
        }
    }

    [Fact]
    public async Task A_node_that_proxies_answers_by_itself_for_every_key_also_a_body_without_length()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1, "--routing", "proxy");
        using var streaming = new HttpClient();
        for (int i = 0; i < 30; i++)
        {
            Node node = cluster.Nodes[i % 3];
            using var body = new StreamContent(new Unseekable(Encoding.UTF8.GetBytes($"value-{i}")));
            using var request = new HttpRequestMessage(HttpMethod.Put, node.Key($"key-{i}")) { Content = body };
            request.Headers.TransferEncodingChunked = true;
            using HttpResponseMessage answer = await streaming.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(201, (int)answer.StatusCode);
            Assert.NotNull(answer.Headers.ETag);
        }

        for (int i = 0; i < 30; i++)
        {
            foreach (Node node in cluster.Nodes)
            {
                Answer read = await cluster.Client.SendAsync(HttpMethod.Get, node.Key($"key-{i}"));
                Assert.Equal((200, $"value-{i}"), (read.Status, read.Text));
                Assert.Equal(304, (await cluster.Client.SendAsync(HttpMethod.Get, node.Key($"key-{i}"), null, ("If-None-Match", read.ETag!))).Status);
            }
        }

        Assert.Equal(204, (await cluster.Client.SendAsync(HttpMethod.Delete, cluster.Nodes[0].Key("key-1"))).Status);
        foreach (Node node in cluster.Nodes) Assert.Equal(404, (await cluster.Client.SendAsync(HttpMethod.Get, node.Key("key-1"))).Status);
    }

    [Fact]
    public async Task A_node_that_only_routes_sends_every_key_to_its_owner()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        await using var router = new Node("router", cluster.Folder["router"], null, "--cluster-port", $"{Ports.Free()}", "--cluster-members", ShardedCluster.Local(cluster.ClusterPorts[1]))
        {
            HasRaft = false,
            From = cluster.Folder.Path,
        };
        await router.StartReadyAsync();
        for (int i = 0; i < 30; i++)
        {
            await cluster.WriteAsync(router, $"key-{i}", $"value-{i}");
            Assert.Equal($"value-{i}", await cluster.ReadAsync(router, $"key-{i}"));
        }
    }

    private static async Task ReadAllAsync(ShardedCluster cluster)
    {
        for (int i = 0; i < Keys; i++)
        {
            foreach (Node node in cluster.Nodes) Assert.Equal($"value-{i}", await cluster.ReadAsync(node, $"key-{i}"));
        }
    }

    /// <summary>So the client cannot know its length.</summary>
    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
