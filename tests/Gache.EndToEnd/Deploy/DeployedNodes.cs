using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Deploy;

/// <summary>One node as a file deploys it.</summary>
/// <param name="Host">The name that it has in its network.</param>
/// <param name="Arguments">What its process is started with.</param>
/// <param name="Environment">Variables beside them.</param>
internal sealed record DeployedNode(string Host, string[] Arguments, Dictionary<string, string> Environment);

/// <summary>
/// Runs what a file deploys as processes of this machine. Each node gets a loopback address of its own for its name, and so keeps the ports that
/// the file says; <c>0.0.0.0</c> is that address, and <c>/data</c> a folder of its own. Nothing else is changed.
/// </summary>
internal sealed class DeployedNodes : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly DeployedNode[] nodes;
    private readonly int apiPort;
    private readonly string network = string.Create(CultureInfo.InvariantCulture, $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(256)}");
    private readonly List<ChildProcess> processes = [];

    public DeployedNodes(IEnumerable<DeployedNode> nodes, int apiPort)
    {
        (this.nodes, this.apiPort) = ([.. nodes], apiPort);
        foreach (DeployedNode node in this.nodes) Directory.CreateDirectory(folder[node.Host]);
    }

    public Client Client { get; } = new();

    public string Url(int node) => $"http://{Address(node)}:{apiPort}";

    /// <summary>What is in a file, for a node on this machine.</summary>
    public string Here(int node, string text)
    {
        for (int i = 0; i < nodes.Length; i++) text = text.Replace(nodes[i].Host, Address(i), StringComparison.Ordinal);
        return text.Replace("0.0.0.0", Address(node), StringComparison.Ordinal).Replace("/data", folder[nodes[node].Host], StringComparison.Ordinal);
    }

    /// <summary>Starts all at once and waits until all are ready.</summary>
    public async Task StartAsync()
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            Dictionary<string, string> environment = nodes[i].Environment.ToDictionary(variable => variable.Key, variable => Here(i, variable.Value));
            processes.Add(new ChildProcess(nodes[i].Host, ServerBinary.Path, nodes[i].Arguments.Select(argument => Here(i, argument)), folder.Path, environment));
        }

        for (int i = 0; i < nodes.Length; i++) await IsReadyAsync(i);
    }

    /// <summary>A command of the file, such as a health check: its exit code.</summary>
    public async Task<int> RunAsync(int node, string[] command)
    {
        await using var process = new ChildProcess("check", command[0], command[1..].Select(argument => Here(node, argument)), folder.Path);
        return await process.ExitAsync();
    }

    /// <summary>Writes through each node and reads through each other one without following anything: any node takes any request.</summary>
    public async Task AllServeAsync()
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            string key = $"{nodes[i].Host}-key";
            await AnsweredAsync(HttpMethod.Post, i, key, "v");
            for (int j = 0; j < nodes.Length; j++) Assert.Equal("v", (await AnsweredAsync(HttpMethod.Get, j, key)).Text);
        }
    }

    /// <summary>Waits until every node tells of the same one shard with so many voters: members become voters one after the other.</summary>
    public Task OneShardAsync(int voters) => Wait.UntilAsync($"all are one shard of {voters} voters", async () =>
    {
        HashSet<(string?, int)> shards = [];
        for (int i = 0; i < nodes.Length; i++)
        {
            JsonElement cluster = (await Client.SendAsync(HttpMethod.Get, $"{Url(i)}/cluster")).Json;
            shards.UnionWith(cluster.EnumerateArray().Select(shard => (
                shard.GetProperty("shard").GetString(),
                shard.GetProperty("members").EnumerateArray().Count(member => member.GetProperty("role").GetString() is "leader" or "voter"))));
        }

        return shards.Count == 1 && shards.Single().Item2 == voters;
    });

    /// <summary>SIGTERM to all; how each ended.</summary>
    public async Task<int[]> StopAsync(TimeSpan within)
    {
        foreach (ChildProcess process in processes) process.Send(Signal.Terminate);
        return await Task.WhenAll(processes.Select(process => process.ExitAsync(within)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in processes) await process.DisposeAsync();
        Client.Dispose();
        folder.Dispose();
    }

    private string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"{network}.{node + 1}");

    private Task IsReadyAsync(int node) => Wait.UntilAsync($"{nodes[node].Host} is ready", async () =>
    {
        if (processes[node].HasExited) throw new InvalidOperationException($"{nodes[node].Host} ended with {await processes[node].ExitAsync()}:\n{processes[node].Log}");
        return (await Client.SendAsync(HttpMethod.Get, $"{Url(node)}/readyz")).Status == 200;
    });

    private Task<Answer> AnsweredAsync(HttpMethod method, int node, string key, string? value = null) => Wait.ForAsync($"{method} of {key} through {nodes[node].Host}", async () =>
    {
        Answer answer = await Client.SendAsync(method, $"{Url(node)}/key/{key}", value is null ? null : Encoding.UTF8.GetBytes(value));
        return answer.Status == 200 ? answer : null;
    });
}
