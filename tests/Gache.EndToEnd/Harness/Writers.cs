using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Gache.EndToEnd.Harness;

/// <summary>Clients that write without pause through all nodes while a test does what it does, and remember what each was told.</summary>
internal sealed class Writers : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Client client = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly IReadOnlyList<Node> nodes;
    private readonly Task[] tasks;
    private long lastAcknowledgedTicks;
    private long longestGapTicks;
    private int attempts;

    public Writers(IReadOnlyList<Node> nodes, int count = 6, int valueBytes = 100)
    {
        this.nodes = nodes;
        tasks = [.. Enumerable.Range(0, count).Select(writer => Task.Run(() => RunAsync(writer, valueBytes)))];
    }

    /// <summary>Each key is written once; its value, if that was acknowledged.</summary>
    public ConcurrentDictionary<string, string> Acknowledged { get; } = new();

    /// <summary>Keys whose only write was answered by a node with <c>not-applied</c>; with that answer.</summary>
    public ConcurrentDictionary<string, string> NotApplied { get; } = new();

    /// <summary>Keys whose write had no answer, or an "unknown".</summary>
    public ConcurrentDictionary<string, string> Unknown { get; } = new();

    public int Attempts => Volatile.Read(ref attempts);

    /// <summary>The longest time between two acknowledgements, of whichever writers.</summary>
    public TimeSpan LongestGap => TimeSpan.FromTicks(Interlocked.Read(ref longestGapTicks));

    /// <summary>Waits until so many more writes are acknowledged: the system goes on.</summary>
    public async Task GoOnAsync(int more = 50, TimeSpan? within = null)
    {
        int goal = Acknowledged.Count + more;
        await Wait.UntilAsync($"{more} more writes are acknowledged", () => Task.FromResult(Acknowledged.Count >= goal), within);
    }

    public void ForgetGaps()
    {
        Interlocked.Exchange(ref lastAcknowledgedTicks, clock.Elapsed.Ticks);
        Interlocked.Exchange(ref longestGapTicks, 0);
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(tasks);
    }

    /// <summary>Stops, then reads everything: what was acknowledged is there, what was "not applied" is not, on every replica the same.</summary>
    public async Task VerifyAsync(Shard shard) => await VerifyAsync(shard, await shard.LeaderAsync(), shard.Nodes);

    /// <summary>The same for a shard whose members are no longer those it began with.</summary>
    public async Task VerifyAsync(Shard shard, Node leader, IReadOnlyList<Node> replicas)
    {
        await StopAsync();
        Assert.NotEmpty(Acknowledged);

        await Parallel.ForEachAsync(Acknowledged, Reads, async (write, _) =>
            Assert.Equal($"{write.Key}={write.Value}", $"{write.Key}={await shard.ReadAsync(leader, write.Key)}"));
        await Parallel.ForEachAsync(NotApplied, Reads, async (write, _) =>
        {
            string? value = await shard.ReadAsync(leader, write.Key);
            Assert.True(value is null, $"{write.Key} was answered \"{write.Value}\" and yet is there: {value}");
        });
        await ReplicasAgreeAsync(replicas);
    }

    /// <summary>Stops, then reads everything through all nodes in turn, as <c>curl -L</c> does: what was acknowledged is there, what was "not applied" is not.</summary>
    public async Task VerifyThroughAsync(ShardedCluster cluster)
    {
        await StopAsync();
        Assert.NotEmpty(Acknowledged);
        int turn = 0;
        await Parallel.ForEachAsync(Acknowledged, Reads, async (write, _) =>
        {
            Node node = cluster.Nodes[Interlocked.Increment(ref turn) % cluster.Nodes.Count];
            Assert.Equal($"{write.Key}={write.Value}", $"{write.Key}={await cluster.ReadAsync(node, write.Key)}");
        });
        await Parallel.ForEachAsync(NotApplied, Reads, async (write, _) =>
        {
            string? value = await cluster.ReadAsync(cluster.Nodes[0], write.Key);
            Assert.True(value is null, $"{write.Key} was answered \"{write.Value}\" and yet is there: {value}");
        });
    }

    /// <summary>Waits until every running node shows the same for every key that was ever tried, from its own state.</summary>
    public async Task ReplicasAgreeAsync(IReadOnlyList<Node> replicas)
    {
        string[] keys = [.. Acknowledged.Keys.Concat(NotApplied.Keys).Concat(Unknown.Keys)];
        await Parallel.ForEachAsync(keys, Reads, async (key, _) =>
        {
            string seen = "";
            await Wait.UntilAsync($"all replicas show the same for {key}", async () =>
            {
                string[] values = await Task.WhenAll(replicas.Select(async node =>
                {
                    Answer answer = await client.SendAsync(HttpMethod.Get, node.Key(key) + "?level=stale");
                    return answer.Status is 200 or 404 ? $"{answer.Status} {answer.ETag} {(answer.Status == 200 ? answer.Text : "")}" : $"{node.Name}: {answer}";
                }));
                seen = string.Join("; ", values);
                return values.Distinct().Count() == 1;
            });
            Assert.DoesNotContain("no answer", seen, StringComparison.Ordinal);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stop.Dispose();
        client.Dispose();
    }

    private static ParallelOptions Reads => new() { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken };

    private async Task RunAsync(int writer, int valueBytes)
    {
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            string key = $"w{writer}-{n}";
            string value = $"{key}:".PadRight(valueBytes, 'x');
            Interlocked.Increment(ref attempts);
            Answer answer = await client.FollowAsync(HttpMethod.Post, nodes[(writer + n) % nodes.Count].Key(key), Encoding.UTF8.GetBytes(value));
            switch (answer.Outcome)
            {
                case Outcome.Done:
                    Acknowledged[key] = value;
                    NoteAcknowledged();
                    break;
                case Outcome.NotApplied:
                    NotApplied[key] = answer.ToString();
                    break;
                default:
                    Unknown[key] = answer.ToString();
                    break;
            }

            // A node that is down refuses at once: do not burn the machine's processors by asking it.
            if (answer.Outcome != Outcome.Done) await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    private void NoteAcknowledged()
    {
        long now = clock.Elapsed.Ticks;
        long gap = now - Interlocked.Exchange(ref lastAcknowledgedTicks, now);
        long longest = Interlocked.Read(ref longestGapTicks);
        while (gap > longest)
        {
            long found = Interlocked.CompareExchange(ref longestGapTicks, gap, longest);
            if (found == longest) break;
            longest = found;
        }
    }
}
