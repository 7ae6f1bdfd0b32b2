using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>Three shards, of one node or of three each, with the seed's own commands.</summary>
internal sealed class ShardedCluster : IAsyncDisposable
{
    public static readonly string[] SlotsOfShards = ["0-5000", "5001-10000", "10001-16383"];

    /// <summary>The shard, 0 to 2, that a slot begins with.</summary>
    public static int ShardOf(int slot) => slot <= 5_000 ? 0 : slot <= 10_000 ? 1 : 2;

    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(60);

    private readonly TestFolder folder = new();

    private ShardedCluster(int replicas, string[] extra)
    {
        // Node n of the README: shard (n-1)/replicas; the first of each shard founds it, the others join it; all but the very first name a member.
        var nodes = new List<Node>();
        var clusterPorts = new List<int>();
        for (int number = 0; number < SlotsOfShards.Length * replicas; number++)
        {
            int first = number / replicas * replicas;
            clusterPorts.Add(Ports.Free());
            string[] members = number == 0 ? [] : ["--cluster-members", Local(clusterPorts[number == first ? 0 : first])];
            nodes.Add(new Node(
                string.Create(CultureInfo.InvariantCulture, $"node{number + 1}"),
                folder[string.Create(CultureInfo.InvariantCulture, $"node{number + 1}")],
                number == first ? null : nodes[first].Api,
                ["--cluster-port", clusterPorts[number].ToString(CultureInfo.InvariantCulture), "--cluster-slot", SlotsOfShards[number / replicas], .. members, .. extra])
            {
                HasRaft = replicas > 1,
                From = folder.Path,
            });
        }

        (Nodes, ClusterPorts, Replicas) = (nodes, clusterPorts, replicas);
    }

    public IReadOnlyList<Node> Nodes { get; }

    public IReadOnlyList<int> ClusterPorts { get; }

    public int Replicas { get; }

    public TestFolder Folder => folder;

    public Client Client { get; } = new();

    /// <summary>The nodes of one shard, 0 to 2.</summary>
    public IEnumerable<Node> Shard(int number) => Nodes.Skip(number * Replicas).Take(Replicas);

    /// <summary>Starts them all at the same moment, in the order of a dice, and waits until every node says that all slots are served.</summary>
    public static async Task<ShardedCluster> StartAsync(int replicas, params string[] extra)
    {
        var cluster = new ShardedCluster(replicas, extra);
        try
        {
            Node[] order = [.. cluster.Nodes];
            Random.Shared.Shuffle(order);
            foreach (Node node in order) node.Start();
            await cluster.ReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A cluster whose nodes are not started.</summary>
    public static ShardedCluster NotStarted(int replicas, params string[] extra) => new(replicas, extra);

    public async Task ReadyAsync()
    {
        foreach (Node node in Nodes) await node.ReadyAsync(LongWait, "?scope=cluster");
    }

    /// <summary>The node that leads a shard, as <c>/cluster</c> of any of its running nodes tells and it says itself.</summary>
    public Task<Node> LeaderAsync(int shard) => Wait.ForAsync($"shard {shard} has a leader", async () =>
    {
        foreach (Node node in Shard(shard).Where(n => n.IsRunning))
        {
            Answer answer = await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster");
            if (answer.Status != 200) continue;
            foreach (JsonElement entry in answer.Json.EnumerateArray())
            {
                if (entry.GetProperty("leader").GetString() == node.Api) return node;
            }
        }

        return null;
    });

    /// <summary>A read as <c>curl -L</c> does it, tried again while the answer says that it may be.</summary>
    public async Task<string?> ReadAsync(Node node, string key)
    {
        Answer answer = await Wait.ForAsync($"a read of {key} through {node.Name} is answered", async () =>
        {
            Answer tried = await Client.FollowAsync(HttpMethod.Get, node.Key(key));
            return tried.Status is 200 or 404 ? tried : null;
        });
        return answer.Status == 404 ? null : answer.Text;
    }

    /// <summary>A write through <paramref name="node"/>, tried again until it is acknowledged.</summary>
    public Task WriteAsync(Node node, string key, string value) => Wait.UntilAsync($"a write of {key} through {node.Name} is acknowledged", async () =>
        (await Client.FollowAsync(HttpMethod.Post, node.Key(key), Encoding.UTF8.GetBytes(value))).Status == 200);

    /// <summary>What <c>/cluster</c> of one node tells: an object a shard, in the order of their slots.</summary>
    public static async Task<JsonElement[]> ShardsAsync(Node node) =>
        [.. (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster")).Json.EnumerateArray()];

    /// <summary>The shards' ids in the order of the slots they were founded with.</summary>
    public async Task<string[]> ShardIdsAsync() => [.. (await ShardsAsync(Nodes[0])).Select(shard => shard.GetProperty("shard").GetString()!)];

    /// <summary>Asks a node for slots to move, until it agrees.</summary>
    /// <param name="at">The node.</param>
    /// <param name="slots">As the request has them: <c>[[0,499]]</c>.</param>
    /// <param name="to">The id of the shard that gets them.</param>
    public Task MoveAsync(Node at, string slots, string to) => Wait.UntilAsync($"slots {slots} begin to move", async () =>
        (await Client.SendAsync(HttpMethod.Post, $"{at.Url}/cluster/move", Encoding.UTF8.GetBytes($$"""{"slots":{{slots}},"to":"{{to}}"}"""))).Status == 202);

    /// <summary>How many slots are between two shards; -1 if not every shard could be asked.</summary>
    public async Task<int> MovesLeftAsync()
    {
        Answer answer = await Client.SendAsync(HttpMethod.Get, $"{Nodes[0].Url}/cluster/moves");
        return answer.Status == 200 && !(answer.Json.TryGetProperty("unreachable", out JsonElement lost) && lost.GetArrayLength() > 0)
            ? answer.Json.GetProperty("left").GetInt32()
            : -1;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(async node => await node.DisposeAsync()));
        Client.Dispose();
        folder.Dispose();
    }

    public static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
