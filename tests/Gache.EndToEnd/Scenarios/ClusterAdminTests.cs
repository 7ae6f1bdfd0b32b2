using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>What an operator asks of a running cluster, at whichever node.</summary>
public sealed class ClusterAdminTests
{
    private const int Removed = 77;

    [Fact]
    public async Task Slots_move_there_and_back_with_their_keys_whichever_node_is_asked()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string[] keys = [.. Enumerable.Range(0, 40_000).Select(i => $"key-{i}").Where(key => SlotOf(key) < 50).Take(40)];
        foreach (string key in keys) await cluster.WriteAsync(cluster.Nodes[0], key, $"value of {key}");
        string[] shards = await ShardsAsync(cluster.Nodes[2]);

        foreach ((int to, int asked) in new[] { (1, 2), (0, 0) })
        {
            string wish = $$"""{"slots":[[0,49]],"to":"{{shards[to]}}"}""";
            Answer taken = await AskAsync(cluster.Nodes[asked], HttpMethod.Post, "/cluster/move", wish);
            Assert.True(taken.Status == 202 && taken.Json.GetProperty("moving").GetInt32() == 50, taken.ToString());
            await MovedAsync(cluster);
            await Wait.UntilAsync("the node that was asked knows it as well", async () => CountIn(await SlotsAsync(cluster.Nodes[asked], shards[to]), 0, 49) == 50);
            foreach (string key in keys)
            {
                foreach (Node node in cluster.Nodes) Assert.Equal($"value of {key}", await cluster.ReadAsync(node, key));
            }

            Answer again = await AskAsync(cluster.Nodes[asked], HttpMethod.Post, "/cluster/move", wish);
            Assert.Equal((409, "slots-there"), (again.Status, again.Code));
        }
    }

    [Fact]
    public async Task Slots_of_two_shards_leave_for_the_third_at_one_word_and_those_not_handed_over_yet_are_kept_at_another()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        for (int i = 0; i < 100; i++) await cluster.WriteAsync(cluster.Nodes[i % 3], $"key-{i}", $"value-{i}");
        string[] shards = await ShardsAsync(cluster.Nodes[0]);
        const string Slots = """[[4800,5200]]""";

        Answer taken = await AskAsync(cluster.Nodes[1], HttpMethod.Post, "/cluster/move", $$"""{"slots":{{Slots}},"to":"{{shards[2]}}"}""");
        Assert.True(taken.Status == 202 && taken.Json.GetProperty("moving").GetInt32() == 401, taken.ToString());
        Answer kept = await AskAsync(cluster.Nodes[2], HttpMethod.Delete, "/cluster/move", $$"""{"slots":{{Slots}}}""");
        Assert.True(kept.Status == 200, kept.ToString());
        await MovedAsync(cluster);

        int moved = 401 - kept.Json.GetProperty("kept").GetInt32();
        await Wait.UntilAsync($"{moved} slots are the third shard's", async () => CountIn(await SlotsAsync(cluster.Nodes[0], shards[2]), 4800, 5200) == moved);
        await cluster.ReadyAsync();
        for (int i = 0; i < 100; i++) Assert.Equal($"value-{i}", await cluster.ReadAsync(cluster.Nodes[(i + 1) % 3], $"key-{i}"));
    }

    [Fact]
    public async Task A_node_that_is_gone_is_forgotten_and_one_that_is_alive_is_not()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string gone = await NodeIdAsync(cluster.Nodes[2]);
        string wish = $$"""{"node":"{{gone}}"}""";

        Answer alive = await AskAsync(cluster.Nodes[0], HttpMethod.Post, "/cluster/forget", wish);
        Answer unknown = await AskAsync(cluster.Nodes[0], HttpMethod.Post, "/cluster/forget", """{"node":"000000000000000000000000000000ff"}""");
        Assert.Equal(((409, "node-alive"), (404, "node-unknown")), ((alive.Status, alive.Code), (unknown.Status, unknown.Code)));

        await cluster.Nodes[2].Process.KillAsync();
        await Wait.UntilAsync("it is seen to be dead, and forgotten", async () => (await AskAsync(cluster.Nodes[0], HttpMethod.Post, "/cluster/forget", wish)).Status == 200);
        foreach (Node node in cluster.Nodes.Take(2))
        {
            await Wait.UntilAsync($"{node.Name} has forgotten it", async () =>
                !(await cluster.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Text.Contains(gone, StringComparison.Ordinal));
        }
    }

    /// <summary>A shard of three and one of one, whose node is asked for everything.</summary>
    [Fact]
    public async Task Members_are_added_and_removed_and_leadership_goes_where_it_is_sent()
    {
        using var folder = new TestFolder();
        string[] ports = [.. Enumerable.Range(0, 5).Select(_ => Ports.Free().ToString(CultureInfo.InvariantCulture))];
        string[] Cluster(int n, string slots) => ["--cluster-port", ports[n], "--cluster-slot", slots, .. n == 0 ? [] : new[] { "--cluster-members", $"127.0.0.1:{ports[0]}" }];
        await using var first = new Node("node1", folder["node1"], null, Cluster(0, "0-8000")) { From = folder.Path };
        await using var second = new Node("node2", folder["node2"], first.Api, Cluster(1, "0-8000")) { From = folder.Path };
        await using var third = new Node("node3", folder["node3"], first.Api, Cluster(2, "0-8000")) { From = folder.Path };
        await using var asked = new Node("asked", folder["asked"], null, Cluster(3, "8001-16383")) { From = folder.Path, HasRaft = false };
        foreach (Node node in new[] { first, asked, second, third }) await node.StartReadyAsync();
        string shard = await ShardIdAsync(first);
        await VotersAsync(asked, shard, 3);
        await Wait.UntilAsync("a key is written", async () => (await asked.Client.FollowAsync(HttpMethod.Post, asked.Key("{a}"), "v"u8.ToArray())).Status == 200);

        string secondId = await NodeIdAsync(second);
        Answer sent = await AskUntilTakenAsync(asked, "/cluster/transfer", $$"""{"to":"{{secondId}}"}""");
        Assert.Equal(202, sent.Status);
        await Wait.UntilAsync("the second leads", async () => (await ShardAsync(asked, shard))?.GetProperty("leader").GetString() == second.Api);

        // A follower goes: it ends, says why, and a restart says the same.
        string thirdId = await NodeIdAsync(third);
        Assert.Equal(200, (await AskUntilTakenAsync(asked, "/cluster/members", $$"""{"remove":"{{thirdId}}"}""")).Status);
        Assert.Equal(Removed, await third.Process.ExitAsync());
        Assert.Contains("an operator removed this node", third.Process.Log.ToString(), StringComparison.Ordinal);
        third.Start();
        Assert.Equal(Removed, await third.Process.ExitAsync());
        await VotersAsync(asked, shard, 2);

        // With an empty folder it comes back as another, by its own command; saying so again changes nothing.
        await using var fourth = new Node("node4", folder["node4"], first.Api, Cluster(4, "0-8000")) { From = folder.Path, RaftPort = third.RaftPort };
        await fourth.StartReadyAsync();
        await VotersAsync(asked, shard, 3);
        Assert.Equal(202, (await AskUntilTakenAsync(asked, "/cluster/members", $$"""{"add":"127.0.0.1:{{fourth.RaftPort}}","shard":"{{shard}}"}""")).Status);

        // The leader goes: it hands over and ends.
        Assert.Equal(200, (await AskUntilTakenAsync(asked, "/cluster/members", $$"""{"remove":"{{secondId}}"}""")).Status);
        Assert.Equal(Removed, await second.Process.ExitAsync());
        await VotersAsync(asked, shard, 2);
        await Wait.UntilAsync("the key is still there", async () => (await asked.Client.FollowAsync(HttpMethod.Get, asked.Key("{a}"))).Text == "v");

        // The last voter does not.
        Assert.Equal(200, (await AskUntilTakenAsync(asked, "/cluster/members", $$"""{"remove":"{{await NodeIdAsync(fourth)}}"}""")).Status);
        await VotersAsync(asked, shard, 1);
        Answer last = await AskUntilTakenAsync(asked, "/cluster/members", $$"""{"remove":"{{await NodeIdAsync(first)}}"}""");
        Assert.Equal((409, "last-voter"), (last.Status, last.Code));
        Answer nobody = await AskUntilTakenAsync(asked, "/cluster/transfer", $$"""{"shard":"{{shard}}"}""");
        Assert.Equal((409, "last-voter"), (nobody.Status, nobody.Code));
    }

    /// <summary>Whoever is asked: the leader itself, which ends by it, or a follower. What is acknowledged meanwhile stays.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_operator_who_removes_the_leader_types_one_line(bool isLeaderAsked)
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        Node leader = await shard.LeaderAsync();
        Node[] staying = [.. shard.Nodes.Where(node => node != leader)];

        await using var typed = new ChildProcess(
            "operator", ServerBinary.Tool, ["cluster", "remove", leader.Api, "--at", (isLeaderAsked ? leader : staying[0]).Api, "--yes"], shard.Folder.Path);
        int code = await typed.ExitAsync(TimeSpan.FromSeconds(60));

        Assert.True(code == 0, $"{typed.Output}{typed.Errors}");
        Assert.Contains("it leads, so it hands over to another voter first", typed.Output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"({leader.Api}) is no member any more", typed.Output.ToString(), StringComparison.Ordinal);
        Assert.Equal(Removed, await leader.Process.ExitAsync());
        await shard.VotersAsync(2);
        await writers.GoOnAsync();
        await writers.VerifyAsync(shard, staying[0], staying);
    }

    /// <summary>Who is missing tells an operator what to start.</summary>
    [Fact]
    public async Task With_the_majority_gone_show_and_readyz_name_the_members_that_are_missing()
    {
        await using Shard shard = await Shard.StartAsync();
        Node left = shard.Nodes[1];
        Node[] gone = [shard.Nodes[0], shard.Nodes[2]];
        foreach (Node node in gone) await node.Process.KillAsync();

        await Wait.UntilAsync("it says that there is no leader, and who is missing", async () =>
        {
            Answer answer = await shard.Client.SendAsync(HttpMethod.Get, $"{left.Url}/readyz");
            return answer.Status == 503 && answer.Text.StartsWith("no leader; not reachable: ", StringComparison.Ordinal)
                && gone.All(node => answer.Text.Contains(node.Api, StringComparison.Ordinal)) && !answer.Text.Contains(left.Api, StringComparison.Ordinal);
        });

        gone[0].Start();
        await Wait.UntilAsync("a majority is back", async () => (await shard.Client.SendAsync(HttpMethod.Get, $"{left.Url}/readyz")).Status == 200);
        foreach (Node node in gone.Prepend(left).Where(node => node.IsRunning)) await node.Process.KillAsync();
        left.Start();
        await Wait.UntilAsync("after a restart, too, it shows who is missing", async () =>
        {
            Answer page = await shard.Client.SendAsync(HttpMethod.Get, $"{left.Url}/cluster");
            if (page.Status != 200 || page.Json.GetArrayLength() == 0) return false; // it starts
            JsonElement members = page.Json[0].GetProperty("members");
            return members.GetArrayLength() == 3 && members.EnumerateArray().All(member => member.GetProperty("reachable").ValueKind
                == (member.GetProperty("apiAddr").GetString() == left.Api ? JsonValueKind.True : JsonValueKind.False));
        });
    }

    /// <summary>Without a cluster port the request is redirected to the leader, as a key's is.</summary>
    [Fact]
    public async Task In_a_shard_without_cluster_ports_a_follower_sends_the_operator_to_the_leader()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        Node follower = shard.Nodes.First(node => node != leader);

        Answer direct = await AskAsync(follower, HttpMethod.Post, "/cluster/transfer", "{}");
        Assert.Equal((307, $"{leader.Url}/cluster/transfer"), (direct.Status, direct.Location));
        Answer followed = await shard.Client.FollowAsync(HttpMethod.Post, $"{follower.Url}/cluster/transfer", "{}"u8.ToArray());
        Assert.True(followed.Status == 202, followed.ToString());
        await Wait.UntilAsync("another leads", async () => await shard.LeaderAsync() != leader);
    }

    /// <summary>The folder says who a node is, and its addresses are only where it is.</summary>
    [Fact]
    public async Task A_node_whose_api_and_raft_addresses_changed_is_found_again()
    {
        await using Shard shard = await Shard.StartAsync();
        await using var writers = new Writers(shard.Nodes);
        await writers.GoOnAsync();
        Node old = shard.Nodes[2];
        string id = await NodeIdAsync(old);
        await old.StopAsync();

        await using var moved = new Node("node3 elsewhere", old.Folder, shard.First.Api) { From = shard.Folder.Path };
        await moved.StartReadyAsync();
        await shard.VotersAsync(3);
        await Wait.UntilAsync("the shard knows its new addresses", async () =>
            (await shard.First.ClusterAsync())?.GetProperty("members").EnumerateArray().SingleOrDefault(member => member.GetProperty("id").GetString() == id) is { ValueKind: JsonValueKind.Object } member
            && member.GetProperty("apiAddr").GetString() == moved.Api && member.GetProperty("addr").GetString() == $"127.0.0.1:{moved.RaftPort}");
        await writers.GoOnAsync();

        await writers.StopAsync();
        await writers.ReplicasAgreeAsync([shard.Nodes[0], shard.Nodes[1], moved]);
    }

    private static Task<Answer> AskAsync(Node node, HttpMethod method, string path, string body) =>
        node.Client.SendAsync(method, node.Url + path, Encoding.UTF8.GetBytes(body));

    /// <summary>Asked again while the answer says that it may be: an election, or a change of members before it.</summary>
    private static Task<Answer> AskUntilTakenAsync(Node node, string path, string body) => Wait.ForAsync($"{path} {body} is answered", async () =>
    {
        Answer answer = await AskAsync(node, HttpMethod.Post, path, body);
        return answer.Status is 0 or 503 or 504 or 508 ? null : answer;
    });

    private static async Task MovedAsync(ShardedCluster cluster)
    {
        Answer? last = null;
        try
        {
            await Wait.UntilAsync("nothing is on its way any more", async () =>
            {
                last = await cluster.Client.SendAsync(HttpMethod.Get, $"{cluster.Nodes[0].Url}/cluster/moves");
                return last.Status == 200 && last.Json.GetProperty("left").GetInt32() == 0 && !last.Json.TryGetProperty("unreachable", out _);
            }, TimeSpan.FromSeconds(90));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; /cluster/moves: {last}");
        }
    }

    private static async Task<JsonElement?> ShardAsync(Node asked, string shard)
    {
        Answer answer = await asked.Client.SendAsync(HttpMethod.Get, $"{asked.Url}/cluster");
        if (answer.Status != 200) return null;
        JsonElement found = answer.Json.EnumerateArray().FirstOrDefault(one => one.GetProperty("shard").GetString() == shard);
        return found.ValueKind == JsonValueKind.Object ? found : null;
    }

    /// <summary>The shards' ids, by their slots.</summary>
    private static async Task<string[]> ShardsAsync(Node node) =>
        [.. (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray().Select(shard => shard.GetProperty("shard").GetString()!)];

    private static async Task<JsonElement> SlotsAsync(Node node, string shard) => (await ShardAsync(node, shard))!.Value.GetProperty("slots");

    private static int CountIn(JsonElement slots, int first, int last) => slots.EnumerateArray()
        .Sum(pair => Math.Max(0, Math.Min(last, pair[1].GetInt32()) - Math.Max(first, pair[0].GetInt32()) + 1));

    private static async Task<string> ShardIdAsync(Node node) =>
        (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray().Single(shard => HasMember(shard, node)).GetProperty("shard").GetString()!;

    private static bool HasMember(JsonElement shard, Node node) =>
        shard.GetProperty("members").EnumerateArray().Any(member => member.GetProperty("apiAddr").GetString() == node.Api);

    private static async Task<string> NodeIdAsync(Node node) =>
        (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray().SelectMany(shard => shard.GetProperty("members").EnumerateArray())
            .Single(member => member.GetProperty("apiAddr").GetString() == node.Api).GetProperty("id").GetString()!;

    /// <summary>Waits until a shard has so many voters and no learner, as a node of another shard sees it through the shard's leader.</summary>
    private static Task VotersAsync(Node asked, string shard, int count) => Wait.UntilAsync($"shard {shard} has {count} voters", async () =>
    {
        if ((await ShardAsync(asked, shard))?.GetProperty("leader").GetString() is not { Length: > 0 } leader) return false;
        Answer answer = await asked.Client.SendAsync(HttpMethod.Get, $"http://{leader}/cluster");
        if (answer.Status != 200) return false;
        JsonElement members = answer.Json.EnumerateArray().First(one => one.GetProperty("shard").GetString() == shard).GetProperty("members");
        return members.GetArrayLength() == count && members.EnumerateArray().All(member => member.GetProperty("role").GetString() is "leader" or "voter");
    });

    /// <summary>CRC-16/XMODEM modulo 16384, as the contract says (keys without a tag).</summary>
    private static int SlotOf(string key)
    {
        int crc = 0;
        foreach (byte one in Encoding.ASCII.GetBytes(key))
        {
            crc ^= one << 8;
            for (int bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xFFFF;
        }

        return crc % 16_384;
    }
}
