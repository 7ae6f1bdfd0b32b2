using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>Moves runs of slots from shard to shard without pause; who is asked and what is moved where is a matter of dice.</summary>
internal sealed class Mover : IAsyncDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(50); // between two looks at what is still on its way

    private readonly CancellationTokenSource stop = new();
    private readonly ShardedCluster cluster;
    private readonly int slotsAtOnce;
    private readonly Task task;
    private int slots;

    /// <summary>Begins.</summary>
    /// <param name="cluster">Of which.</param>
    /// <param name="slotsAtOnce">How long a run is at most; the next one is begun when less than half of that is on its way.</param>
    public Mover(ShardedCluster cluster, int slotsAtOnce)
    {
        (this.cluster, this.slotsAtOnce) = (cluster, slotsAtOnce);
        task = Task.Run(RunAsync);
    }

    /// <summary>How many slots were sent on their way.</summary>
    public int Slots => Volatile.Read(ref slots);

    /// <summary>Begins no more moves; those that were begun go on.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await task;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        var random = new Random(1);
        while (!stop.IsCancellationRequested)
        {
            Node[] running = [.. cluster.Nodes.Where(node => node.IsRunning)];
            Node node = running[random.Next(running.Length)];
            if (await LeftAsync(node) is { } left && left < slotsAtOnce / 2) await BeginAsync(node, random);
            else await Task.Delay(Rest);
        }
    }

    private async Task<int?> LeftAsync(Node node)
    {
        Answer answer = await cluster.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster/moves");
        return answer.Status == 200 ? answer.Json.GetProperty("left").GetInt32() : null;
    }

    private async Task BeginAsync(Node node, Random random)
    {
        Answer view = await cluster.Client.SendAsync(HttpMethod.Get, $"{node.Url}/cluster");
        if (view.Status != 200) return;
        JsonElement[] shards = [.. view.Json.EnumerateArray()];
        JsonElement[] sources = [.. shards.Where(shard => shard.GetProperty("slots").GetArrayLength() > 0)];
        if (shards.Length < 2 || sources.Length == 0) return;
        JsonElement source = sources[random.Next(sources.Length)];
        JsonElement[] runs = [.. source.GetProperty("slots").EnumerateArray()];
        JsonElement run = runs[random.Next(runs.Length)];
        int first = random.Next(run[0].GetInt32(), run[1].GetInt32() + 1);
        int last = Math.Min(first + slotsAtOnce - 1, run[1].GetInt32());
        string own = source.GetProperty("shard").GetString()!;
        string[] targets = [.. shards.Select(shard => shard.GetProperty("shard").GetString()!).Where(shard => shard != own)];
        string body = string.Create(CultureInfo.InvariantCulture, $$"""{"slots":[[{{first}},{{last}}]],"to":"{{targets[random.Next(targets.Length)]}}"}""");
        Answer asked = await cluster.Client.SendAsync(HttpMethod.Post, $"{node.Url}/cluster/move", Encoding.UTF8.GetBytes(body));
        if (asked.Status == 202) Interlocked.Add(ref slots, last - first + 1);
        else await Task.Delay(Rest);
    }
}
