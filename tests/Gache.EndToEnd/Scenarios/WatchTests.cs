using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>http-api: <c>GET /watch</c>: nothing missed, nothing twice, in order by key, through whatever happens to nodes and slots.</summary>
public sealed class WatchTests
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_watch_of_all_keys_tells_every_change_once_while_leaders_are_killed_and_slots_move()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        string[] shards = await cluster.ShardIdsAsync();
        await using var watching = new Watching(cluster.Nodes, "prefix=");
        await using var one = new Watching([.. cluster.Nodes.Reverse()], "key=n1");
        await watching.StandsAsync();
        await one.StandsAsync();
        await using var writers = new Writers(cluster.Nodes, count: 3);
        await using var counting = new CountingWriters(cluster.Nodes, ["n1", "n2", "{t}n3"]);
        await writers.GoOnAsync(200, LongWait);
        await MoveAsync(cluster, "[[0,150]]", shards[1]);
        foreach (int shard in new[] { 0, 1, 2 })
        {
            Node leader = await cluster.LeaderAsync(shard);
            await leader.Process.KillAsync();
            await writers.GoOnAsync(100, LongWait);
            watching.Cut();
            if (shard == 1) await MoveAsync(cluster, "[[5100,5200]]", shards[2]);
            leader.Start();
            await writers.GoOnAsync(100, LongWait);
            one.Cut();
        }

        await cluster.ReadyAsync();
        await Wait.UntilAsync("no slot is between two shards", async () => await cluster.MovesLeftAsync() == 0, LongWait);
        await writers.GoOnAsync(50, LongWait);
        await writers.StopAsync();
        await counting.StopAsync();

        HashSet<string> due = [.. writers.Acknowledged.Keys];
        await Wait.UntilAsync("the watch has told every acknowledged write", () =>
        {
            HashSet<string> told = [.. watching.Changes.Select(change => change.Key)];
            return Task.FromResult(due.IsSubsetOf(told) && counting.AreTold(watching.Changes) && counting.AreTold(one.Changes, "n1"));
        }, LongWait);
        Assert.Empty(watching.Oddities);
        Assert.Empty(one.Oddities);
        Assert.True(watching.Streams > 3, $"{watching.Streams} streams");

        WatchedEvent[] changes = [.. watching.Changes];
        Assert.Equal(changes.Length, changes.DistinctBy(change => (change.Key, change.Revision)).Count());
        foreach (IGrouping<string, WatchedEvent> key in changes.GroupBy(change => change.Key)) Assert.Equal(key.Select(c => c.Revision).Order(), key.Select(c => c.Revision));
        foreach (WatchedEvent change in changes.Where(change => writers.Acknowledged.ContainsKey(change.Key))) Assert.Equal(writers.Acknowledged[change.Key], change.Value);
        counting.Verify(changes);
        counting.Verify([.. one.Changes], "n1");
        await writers.VerifyThroughAsync(cluster);
    }

    [Fact]
    public async Task A_watch_tells_puts_deletes_and_expiries_and_goes_on_after_a_restart()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        Node node = shard.First;
        await using var watching = new Watching([node], "prefix=a");
        await watching.StandsAsync();
        await SendAsync(node, HttpMethod.Post, "a1", "one");
        await SendAsync(node, HttpMethod.Post, "b", "not watched");
        await SendAsync(node, HttpMethod.Put, "a2?ttl=200ms", "two");
        await SendAsync(node, HttpMethod.Delete, "a1", null);
        await Wait.UntilAsync("the expiry was told", () => Task.FromResult(watching.Changes.Any(change => change.Name == "expire")));
        await node.Client.SendAsync(HttpMethod.Post, node.Key("a3"), [0xFF, 0x0A]);
        Assert.Equal(0, await node.StopAsync());
        await Wait.UntilAsync("the stop was told", () => Task.FromResult(watching.Events.Any(e => e.Name == "close")));
        await node.StartReadyAsync();
        await SendAsync(node, HttpMethod.Post, "a4", "vier\n\"ü\"");
        await Wait.UntilAsync("what came after the restart was told", () => Task.FromResult(watching.Changes.Count() == 6));

        Assert.Equal(
            ["put a1 one", "put a2 two", "delete a1 ", "expire a2 ", "put a3 ?", "put a4 vier\n\"ü\""],
            watching.Changes.Select(change => $"{change.Name} {change.Key} {(change.Key == "a3" ? "?" : change.Value)}"));
        Assert.Equal("/wo=", watching.Changes.Single(change => change.Key == "a3").Data.GetProperty("value").GetProperty("base64").GetString());
        Assert.Empty(watching.Oddities);
        Assert.Equal("shutting-down", watching.Events.First(e => e.Name == "close").Data.GetProperty("code").GetString());

        // Nothing comes, and the cursor does not age.
        await Wait.UntilAsync("progress is told", () => Task.FromResult(watching.Events.Any(e => e.Name == "progress")), LongWait);
    }

    [Fact]
    public async Task A_follower_sends_a_watch_to_the_leader_and_all_keys_of_the_shard_are_told_there()
    {
        await using Shard shard = await Shard.StartAsync();
        Node leader = await shard.LeaderAsync();
        Node follower = shard.Nodes.First(node => node != leader);
        Answer answer = await shard.Client.SendAsync(HttpMethod.Get, $"{follower.Url}/watch?prefix=");
        Assert.Equal(307, answer.Status);
        Assert.Equal($"http://{leader.Api}/watch?prefix=", answer.Location);

        await using var watching = new Watching(shard.Nodes, "prefix=");
        await watching.StandsAsync();
        await using var counting = new CountingWriters(shard.Nodes, ["n1", "n2"]);
        await counting.GoOnAsync(50);
        await leader.Process.KillAsync();
        await counting.GoOnAsync(50);
        leader.Start();
        await counting.GoOnAsync(50);
        await counting.StopAsync();
        await Wait.UntilAsync("every acknowledged write was told", () => Task.FromResult(counting.AreTold(watching.Changes)), LongWait);
        counting.Verify([.. watching.Changes]);
        Assert.Empty(watching.Oddities);
    }

    [Fact]
    public async Task A_place_that_no_history_reaches_back_to_is_410_once_all_have_said_so_and_a_cut_off_one_400()
    {
        await using Shard shard = await Shard.StartOfClusterAsync(size: 2, "--max-memory", "64MiB");
        Node leader = await shard.LeaderAsync();
        Node follower = shard.Nodes.First(node => node != leader);
        string id;
        await using (var watching = new Watching([follower], "key=a"))
        {
            await watching.StandsAsync();
            id = watching.LastId!;
        }

        await SendAsync(leader, HttpMethod.Post, "a", "v");
        byte[] large = new byte[1_000_000];
        for (int i = 0; i < 12; i++) Assert.Equal(200, (await leader.Client.SendAsync(HttpMethod.Post, leader.Key("large"), large)).Status);

        // As far as anyone can tell, whoever is stopped may have it.
        follower.Process.Send(Signal.Stop);
        Answer unsure = await ResumeAsync(leader, "key=a", id);
        Assert.Equal((503, "history-unreachable"), (unsure.Status, unsure.Code));
        follower.Process.Send(Signal.Continue);
        Answer late = await Wait.ForAsync("all have said that they have it no more", async () =>
        {
            Answer answer = await ResumeAsync(leader, "key=a", id);
            return answer.Status == 410 ? answer : null;
        });
        Assert.Equal("watch-compacted", late.Code);

        Answer cut = await ResumeAsync(leader, "key=a", id[..^3]);
        Assert.Equal((400, "parameter-malformed"), (cut.Status, cut.Code));
        Answer other = await ResumeAsync(leader, "key=b", id);
        Assert.Equal((400, "parameter-malformed"), (other.Status, other.Code));
    }

    [Fact]
    public async Task A_watcher_that_reads_nothing_slows_no_writer_and_is_cut_off()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        Node node = shard.First;
        using var slow = new TcpClient { ReceiveBufferSize = 4_096 };
        await slow.ConnectAsync(IPAddress.Loopback, node.Port, TestContext.Current.CancellationToken);
        await slow.GetStream().WriteAsync("GET /watch?prefix= HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        byte[] head = new byte[64];
        Assert.True(await slow.GetStream().ReadAsync(head, TestContext.Current.CancellationToken) > 0);

        byte[] value = Encoding.ASCII.GetBytes(new string('v', 100_000));
        for (int i = 0; i < 100; i++) Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Post, node.Key("k"), value)).Status);
        await Wait.UntilAsync("the watcher that reads nothing is cut off", () => Task.FromResult(IsCut(slow)), LongWait);
        Assert.Equal(200, (await node.Client.SendAsync(HttpMethod.Get, node.Key("k"))).Status);
        await Wait.UntilAsync("it is counted", async () =>
        {
            string[] lines = (await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/metrics")).Text.Split('\n');
            return HasFigure(lines, "gache_watch_cut_off_total", "1") && HasFigure(lines, "gache_watchers", "0");
        });
    }

    private static Task<Answer> ResumeAsync(Node node, string query, string id) =>
        node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/watch?{query}", null, ("Last-Event-ID", id));

    private static bool HasFigure(string[] lines, string name, string value) =>
        lines.Any(line => line.StartsWith(name, StringComparison.Ordinal) && line.Split(' ')[1] == value);

    private static bool IsCut(TcpClient client)
    {
        byte[] ping = [(byte)'x'];
        try
        {
            client.Client.Send(ping); // a reset connection takes nothing more
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task SendAsync(Node node, HttpMethod method, string key, string? value)
    {
        Answer answer = await node.Client.SendAsync(method, node.Key(key), value is null ? null : Encoding.UTF8.GetBytes(value));
        Assert.True(answer.Status is 200 or 201 or 204, answer.ToString());
    }

    private static async Task MoveAsync(ShardedCluster cluster, string slots, string to) => await Wait.UntilAsync($"slots {slots} begin to move", async () =>
    {
        foreach (Node node in cluster.Nodes.Where(node => node.IsRunning))
        {
            if ((await cluster.Client.SendAsync(HttpMethod.Post, $"{node.Url}/cluster/move", Encoding.UTF8.GetBytes($$"""{"slots":{{slots}},"to":"{{to}}"}"""))).Status == 202) return true;
        }

        return false;
    }, LongWait);

    /// <summary>One writer a key, of rising numbers: what a watch tells of it must rise, and have all that was acknowledged.</summary>
    private sealed class CountingWriters : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Client client = new();
        private readonly Dictionary<string, List<int>> acknowledged;
        private readonly Task[] tasks;
        private int count;

        public CountingWriters(IReadOnlyList<Node> nodes, string[] keys)
        {
            acknowledged = keys.ToDictionary(key => key, _ => new List<int>());
            tasks = [.. keys.Select(key => Task.Run(() => RunAsync(nodes, key, acknowledged[key])))];
        }

        public Task GoOnAsync(int more)
        {
            int goal = Volatile.Read(ref count) + more;
            return Wait.UntilAsync($"{more} more writes are acknowledged", () => Task.FromResult(Volatile.Read(ref count) >= goal), LongWait);
        }

        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(tasks);
        }

        public bool AreTold(IEnumerable<WatchedEvent> changes, string? only = null)
        {
            HashSet<(string, string?)> told = [.. changes.Select(change => (change.Key, change.Value))];
            return acknowledged.Where(pair => only is null || pair.Key == only).All(pair => pair.Value.All(number => told.Contains((pair.Key, Text(number)))));
        }

        public void Verify(WatchedEvent[] changes, string? only = null)
        {
            foreach ((string key, List<int> numbers) in acknowledged.Where(pair => only is null || pair.Key == only))
            {
                int[] told = [.. changes.Where(change => change.Key == key).Select(change => int.Parse(change.Value!, CultureInfo.InvariantCulture))];
                Assert.True(numbers.Count > 10, $"{numbers.Count} writes of {key} were acknowledged");
                Assert.Equal(told.Distinct().Order(), told);
                Assert.Empty(numbers.Except(told));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            stop.Dispose();
            client.Dispose();
        }

        private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

        private async Task RunAsync(IReadOnlyList<Node> nodes, string key, List<int> done)
        {
            for (int number = 0; !stop.IsCancellationRequested; number++)
            {
                Answer answer = await client.FollowAsync(HttpMethod.Post, nodes[number % nodes.Count].Key(key), Encoding.UTF8.GetBytes(Text(number)));
                if (answer.Outcome == Outcome.Done)
                {
                    done.Add(number);
                    Interlocked.Increment(ref count);
                }
                else await Task.Delay(TimeSpan.FromMilliseconds(5)); // a node that is down refuses at once: do not burn the processors
            }
        }
    }
}
