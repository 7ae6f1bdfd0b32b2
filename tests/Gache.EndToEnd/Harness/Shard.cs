using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>Three nodes of one shard, started as the README says.</summary>
internal sealed class Shard : IAsyncDisposable
{
    private readonly TestFolder folder = new();

    private Shard(int size, string[] extra, bool hasCluster = false)
    {
        int[] clusterPorts = [.. Enumerable.Range(0, hasCluster ? size : 0).Select(_ => Ports.Free())];
        var first = new Node("node1", folder["node1"], null, Extra(1)) { From = folder.Path };
        Nodes = [first, .. Enumerable.Range(2, size - 1).Select(n => new Node($"node{n}", folder[$"node{n}"], first.Api, Extra(n)) { From = folder.Path })];

        string[] Extra(int n) => clusterPorts.Length == 0 ? extra :
        [
            .. extra, "--cluster-port", $"{clusterPorts[n - 1]}", .. n == 1 ? Array.Empty<string>() : ["--cluster-members", $"127.0.0.1:{clusterPorts[0]}"],
        ];
    }

    public IReadOnlyList<Node> Nodes { get; }

    public Node First => Nodes[0];

    public TestFolder Folder => folder;

    public Client Client { get; } = new();

    public IEnumerable<Node> Running => Nodes.Where(node => node.IsRunning);

    /// <summary>Starts them one after the other, and waits until all vote.</summary>
    public static Task<Shard> StartAsync(int size = 3, params string[] extra) => StartAsync(new Shard(size, extra), size);

    /// <summary>The same with cluster ports: a cluster of one shard, whose nodes ask each other.</summary>
    public static Task<Shard> StartOfClusterAsync(int size, params string[] extra) => StartAsync(new Shard(size, extra, hasCluster: true), size);

    private static async Task<Shard> StartAsync(Shard shard, int size)
    {
        try
        {
            foreach (Node node in shard.Nodes) await node.StartReadyAsync();
            await shard.VotersAsync(size);
            return shard;
        }
        catch
        {
            await shard.DisposeAsync();
            throw;
        }
    }

    /// <summary>A further node with the seed's command, not started.</summary>
    public Node Another(string name) => new(name, folder[name], First.Api) { From = folder.Path };

    /// <summary>The running node that serves linearizable reads by itself: it leads, and a majority has just confirmed that.</summary>
    public Task<Node> LeaderAsync(TimeSpan? within = null) => Wait.ForAsync("one of the running nodes leads", async () =>
    {
        foreach (Node node in Running)
        {
            Answer answer = await node.Client.SendAsync(HttpMethod.Get, node.Key("no-such-key"));
            if (answer.Status is 200 or 404) return node;
        }

        return null;
    }, within);

    /// <summary>Waits until the shard has exactly so many voters, no learner, and all of them are heard.</summary>
    public Task VotersAsync(int count, TimeSpan? within = null)
    {
        string? last = null;
        return Wait.UntilAsync($"the shard has {count} voters, all heard", async () =>
        {
            Node leader = await LeaderAsync(within);
            if (await leader.ClusterAsync() is not { } cluster) return false;
            last = cluster.ToString();
            JsonElement[] members = [.. cluster.GetProperty("members").EnumerateArray()];
            return members.Length == count && members.All(member =>
                member.GetProperty("role").GetString() is "leader" or "voter" && member.GetProperty("reachable").ValueKind is JsonValueKind.True);
        }, within);
    }

    /// <summary>Starts every node that does not run, and waits until all are ready.</summary>
    public async Task RestartAllAsync(IEnumerable<Node>? order = null)
    {
        foreach (Node node in order ?? Nodes) if (!node.IsRunning) node.Start();
        foreach (Node node in Nodes) await node.ReadyAsync();
    }

    /// <summary>A read as <c>curl -L</c> does it through <paramref name="node"/>, tried again while the answer says that it may be.</summary>
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
        (await Client.FollowAsync(HttpMethod.Post, node.Key(key), System.Text.Encoding.UTF8.GetBytes(value))).Status == 200);

    public async ValueTask DisposeAsync()
    {
        foreach (Node node in Nodes) await node.DisposeAsync();
        Client.Dispose();
        folder.Dispose();
    }
}
