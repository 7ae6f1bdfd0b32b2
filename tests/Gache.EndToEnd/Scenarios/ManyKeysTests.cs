using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P9, P11 for many keys at once: scans under moves, batches and transactions while leaders are killed.</summary>
public sealed class ManyKeysTests
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_scan_during_writes_and_moves_tells_every_key_that_is_there_all_along_exactly_once()
    {
        const int Stable = 600;
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        string[] shards = await cluster.ShardIdsAsync();
        Answer filled = await cluster.Client.FollowAsync(HttpMethod.Post, $"{cluster.Nodes[1].Url}/batch", Encoding.UTF8.GetBytes(
            string.Join('\n', Enumerable.Range(0, Stable).Select(i => $$"""{"op":"set","key":"scan:{{i}}","value":"v"}"""))));
        Assert.Equal(Stable, filled.Text.Split('\n').Count(line => line.Contains("\"status\":201", StringComparison.Ordinal)));

        using var stop = new CancellationTokenSource();
        Task others = ComeAndGoAsync(cluster, stop.Token);
        string[] ends = ["[[0,1499]]", "[[5001,6500]]", "[[10001,11500]]"];
        for (int from = 0; from < 3; from++)
        {
            int to = (from + 1) % 3;
            await cluster.MoveAsync(cluster.Nodes[from], ends[from], shards[to]);
        }

        int scans = 0;
        for (bool isMoving = true; isMoving || scans < 3; scans++)
        {
            isMoving = await cluster.MovesLeftAsync() != 0;
            List<string> told = await ScanAsync(cluster, cluster.Nodes[scans % 3], "scan:");
            Assert.Equal(told.Count, told.Distinct().Count());
            Assert.Empty(Enumerable.Range(0, Stable).Select(i => $"scan:{i}").Except(told));
        }

        await stop.CancelAsync();
        await others;

        // And all of them go, through one node, wherever they are now.
        int deleted = 0;
        for (string cursor = ""; ;)
        {
            Answer answer = await Wait.ForAsync("a slice is deleted", async () =>
            {
                Answer tried = await cluster.Client.SendAsync(HttpMethod.Delete, $"{cluster.Nodes[2].Url}/keys?prefix=scan:{cursor}");
                return tried.Status == 200 ? tried : null;
            });
            deleted += answer.Json.GetProperty("deleted").GetInt32();
            if (!answer.Json.TryGetProperty("cursor", out JsonElement next)) break;
            cursor = $"&cursor={next.GetString()}";
        }

        Assert.InRange(deleted, Stable, int.MaxValue);
        Assert.Empty(await ScanAsync(cluster, cluster.Nodes[0], "scan:"));
    }

    [Fact(Explicit = true)]
    public async Task A_hundred_scans_while_keys_are_written_and_slots_move_tell_every_key_that_is_there_all_along_exactly_once()
    {
        const int Stable = 5_000;
        const int Scans = 100;
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        Answer filled = await cluster.Client.FollowAsync(HttpMethod.Post, $"{cluster.Nodes[1].Url}/batch", Encoding.UTF8.GetBytes(
            string.Join('\n', Enumerable.Range(0, Stable).Select(i => $$"""{"op":"set","key":"scan:{{i}}","value":"v"}"""))));
        Assert.Equal(Stable, filled.Text.Split('\n').Count(line => line.Contains("\"status\":201", StringComparison.Ordinal)));

        using var stop = new CancellationTokenSource();
        Task[] others = [ComeAndGoAsync(cluster, stop.Token), OverwriteAsync(cluster, Stable, stop.Token)];
        await using var writers = new Writers(cluster.Nodes, count: 4); // keys beside the prefix
        await using var mover = new Mover(cluster, slotsAtOnce: 200);
        await Wait.UntilAsync("slots move", () => Task.FromResult(mover.Slots > 0));
        var pages = 0;
        var seconds = new List<double>();
        for (int scan = 0; scan < Scans; scan++)
        {
            var clock = Stopwatch.StartNew();
            List<string> told = await ScanAsync(cluster, cluster.Nodes[scan % 9], "scan:", page: () => pages++);
            seconds.Add(clock.Elapsed.TotalSeconds);
            Assert.Equal(told.Count, told.Distinct().Count());
            Assert.Empty(Enumerable.Range(0, Stable).Select(i => $"scan:{i}").Except(told));
        }

        await mover.StopAsync();
        await stop.CancelAsync();
        await Task.WhenAll(others);
        await Wait.UntilAsync("no slot is between two shards", async () => await cluster.MovesLeftAsync() == 0, LongWait);
        await writers.VerifyThroughAsync(cluster);
        seconds.Sort();
        Assert.InRange(mover.Slots, Scans, int.MaxValue);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"{Scans} scans of {Stable} keys in {pages} pages, median {seconds[Scans / 2]:0.00} s, longest {seconds[^1]:0.00} s, while {mover.Slots} slots moved and {writers.Acknowledged.Count} keys were written: every key once in each"));
    }

    [Fact]
    public async Task A_watch_from_a_scans_first_page_misses_nothing_of_what_changes_during_the_scan()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 1);
        for (int i = 0; i < 20; i++) await cluster.WriteAsync(cluster.Nodes[i % 3], $"both:{i}", "old");
        Answer page = await cluster.Client.SendAsync(HttpMethod.Get, $"{cluster.Nodes[0].Url}/keys?prefix=both:&limit=5&values=true");
        string from = page.Json.GetProperty("watch").GetString()!;
        var seen = new Dictionary<string, string>();
        for (int n = 0; ; n++)
        {
            foreach (JsonElement key in page.Json.GetProperty("keys").EnumerateArray()) seen[key.GetProperty("key").GetString()!] = key.GetProperty("value").GetString()!;
            for (int i = 0; i < 20; i += 3) await cluster.WriteAsync(cluster.Nodes[1], $"both:{i}", $"new{n}"); // between two pages
            if (!page.Json.TryGetProperty("cursor", out JsonElement next)) break;
            page = await cluster.Client.SendAsync(HttpMethod.Get, $"{cluster.Nodes[n % 3].Url}/keys?prefix=both:&limit=5&values=true&cursor={next.GetString()}");
            Assert.False(page.Json.TryGetProperty("watch", out _));
        }

        await cluster.WriteAsync(cluster.Nodes[0], "both:last", "end");
        await using var watching = new Watching(cluster.Nodes, $"prefix=both:&from={from}");
        await Wait.UntilAsync("the watch tells the last change", () => Task.FromResult(watching.Changes.Any(change => change.Key == "both:last")));
        int told = 0;
        await Wait.UntilAsync("scan and watch together give the present state", async () =>
        {
            foreach (WatchedEvent change in watching.Changes.Skip(told).ToArray()) (seen[change.Key], told) = (change.Value!, told + 1);
            foreach ((string key, string value) in seen)
            {
                if (await cluster.ReadAsync(cluster.Nodes[2], key) != value) return false;
            }

            return seen.Count == 21;
        });
    }

    [Fact]
    public async Task A_batch_of_ten_thousand_lines_tells_the_truth_of_each_when_a_leader_is_killed_in_the_middle()
    {
        const int Lines = 10_000;
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(replicas: 3);
        Node asked = await cluster.LeaderAsync(0);
        Node victim = await cluster.LeaderAsync(1);

        // Every tenth line reads what is large, so that the results cannot run far ahead of who reads them.
        await cluster.WriteAsync(asked, "large", new string('x', 50_000));
        string body = string.Join('\n', Enumerable.Range(0, Lines).Select(i =>
            i % 10 == 9 ? """{"op":"get","key":"large"}""" : $$"""{"op":"set","key":"line:{{i}}","value":"v{{i}}"}"""));
        var results = new List<JsonElement>();
        using (var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = LongWait })
        using (var request = new HttpRequestMessage(HttpMethod.Post, $"{asked.Url}/batch") { Content = new StringContent(body) })
        using (HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            Assert.Equal(200, (int)response.StatusCode);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                results.Add(JsonDocument.Parse(line).RootElement);
                if (results.Count == Lines / 5) await victim.Process.KillAsync();
            }
        }

        Assert.Equal(Lines, results.Count);
        victim.Start();
        await cluster.ReadyAsync();
        var there = new Dictionary<string, string>();
        await ScanAsync(cluster, asked, "line:", key => there.Add(key.GetProperty("key").GetString()!, key.GetProperty("value").GetString()!));
        int done = 0;
        for (int i = 0; i < Lines; i++)
        {
            JsonElement result = results[i];
            int status = result.GetProperty("status").GetInt32();
            string? value = there.GetValueOrDefault($"line:{i}");
            if (i % 10 == 9)
            {
                Assert.True(status == 200 ? result.GetProperty("value").GetString()!.Length == 50_000 : status is 503 or 429, $"line {i}: {status}");
                continue;
            }

            if (status is 200 or 201)
            {
                done++;
                Assert.Equal($"v{i}", value);
            }
            else
            {
                string outcome = result.GetProperty("error").GetProperty("outcome").GetString()!;
                if (outcome == "not-applied") Assert.Null(value);
                else Assert.True(outcome == "unknown" && (value is null || value == $"v{i}"), $"line {i}: {result}");
            }
        }

        // Two shards were there all the time, and the third one came back.
        Assert.InRange(done, Lines / 2, Lines);
    }

    [Fact]
    public async Task Transfers_by_transactions_hold_their_sum_and_are_done_once_through_kills_of_the_leader()
    {
        const int Clients = 4;
        await using Shard shard = await Shard.StartAsync();
        await Wait.UntilAsync("the accounts are opened", async () => (await TransactAsync(shard.Client, shard.First, "open",
            $$"""{"then":[{{string.Join(',', Enumerable.Range(0, 5).Select(i => $$"""{"op":"set","key":"{bank}{{i}}","value":"100"}"""))}}]}""")).Status == 200);
        using var stop = new CancellationTokenSource();
        int[] done = new int[Clients];
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(() => TransferAsync(shard, number, done, stop.Token)))];
        for (int kill = 0; kill < 3; kill++)
        {
            int from = done.Sum();
            await Wait.UntilAsync("transfers go on", () => Task.FromResult(done.Sum() >= from + 50), LongWait);
            Node leader = await shard.LeaderAsync();
            await leader.Process.KillAsync();
            from = done.Sum();
            await Wait.UntilAsync("transfers go on without it", () => Task.FromResult(done.Sum() >= from + 50), LongWait);
            await leader.StartReadyAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        (long sum, long count) = await BalancesAsync(shard);
        Assert.Equal(500, sum);
        Assert.Equal(done.Sum(), count);
    }

    /// <summary>One transfer after the other, each sent again as it was until it is answered; and between them a look at all accounts at once.</summary>
    private static async Task TransferAsync(Shard shard, int number, int[] done, CancellationToken stop)
    {
        var random = new Random(number);
        using var client = new Client(TimeSpan.FromMilliseconds(1_500)); // impatient, so that answers are missed
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            (int from, int to, int amount) = (random.Next(5), random.Next(5), random.Next(1, 60));
            string body = $$"""{"then":[{"op":"add","key":"{bank}{{from}}","value":{{-amount}},"min":0},{"op":"add","key":"{bank}{{to}}","value":{{amount}}},{"op":"add","key":"{bank}count","value":1}]}""";
            Answer answer = await Wait.ForAsync("a transfer is answered", async () =>
            {
                Answer tried = await TransactAsync(client, shard.Nodes[random.Next(3)], $"{number}-{n}", body);
                return tried.Status is 200 or 409 ? tried : null;
            }, LongWait);
            if (answer.Status == 200) Interlocked.Increment(ref done[number]);
            else Assert.Equal("out-of-range", answer.Code);
            if (random.Next(4) == 0) Assert.Equal(500, (await BalancesAsync(shard)).Sum);
        }
    }

    private static async Task<(long Sum, long Count)> BalancesAsync(Shard shard)
    {
        Answer answer = await Wait.ForAsync("the accounts are read", async () =>
        {
            Answer tried = await shard.Client.FollowAsync(HttpMethod.Post, $"{shard.Nodes[Random.Shared.Next(3)].Url}/txn", Encoding.UTF8.GetBytes(
                $$"""{"then":[{{string.Join(',', Enumerable.Range(0, 5).Select(i => $"{i}").Append("count").Select(name => $$"""{"op":"get","key":"{bank}{{name}}"}"""))}}]}"""));
            return tried.Status == 200 ? tried : null;
        }, LongWait);
        long[] numbers = [.. answer.Json.GetProperty("results").EnumerateArray().Select(result =>
            result.TryGetProperty("value", out JsonElement value) ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture) : 0)];
        return (numbers[..5].Sum(), numbers[5]);
    }

    private static Task<Answer> TransactAsync(Client client, Node node, string idempotencyKey, string body) =>
        client.FollowAsync(HttpMethod.Post, $"{node.Url}/txn", Encoding.UTF8.GetBytes(body), ("Idempotency-Key", idempotencyKey));

    /// <summary>Keys with the same prefix come and go.</summary>
    private static async Task ComeAndGoAsync(ShardedCluster cluster, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            Node node = cluster.Nodes[i % cluster.Nodes.Count];
            await cluster.Client.FollowAsync(HttpMethod.Post, node.Key($"scan:other{i % 50}"), "v"u8.ToArray());
            await cluster.Client.FollowAsync(HttpMethod.Delete, node.Key($"scan:other{(i + 25) % 50}"));
        }
    }

    /// <summary>Keys that are there all along get other values.</summary>
    private static async Task OverwriteAsync(ShardedCluster cluster, int keys, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
            await cluster.Client.FollowAsync(HttpMethod.Post, cluster.Nodes[i % cluster.Nodes.Count].Key($"scan:{i * 7919L % keys}"), Encoding.UTF8.GetBytes($"v{i}"));
    }

    /// <summary>A whole scan, page by page; one that cannot be had now is asked for again with the cursor that the refusal names.</summary>
    private static async Task<List<string>> ScanAsync(ShardedCluster cluster, Node node, string prefix, Action<JsonElement>? see = null, Action? page = null)
    {
        var told = new List<string>();
        string cursor = "";
        while (true)
        {
            Answer answer = await Wait.ForAsync("a page is told", async () =>
            {
                Answer tried = await cluster.Client.SendAsync(HttpMethod.Get, $"{node.Url}/keys?prefix={prefix}&limit=80&values=true{cursor}");
                if (tried.Status == 503 && tried.Json.TryGetProperty("cursor", out JsonElement here)) cursor = $"&cursor={here.GetString()}";
                return tried.Status == 200 ? tried : null;
            }, LongWait);
            page?.Invoke();
            foreach (JsonElement key in answer.Json.GetProperty("keys").EnumerateArray())
            {
                told.Add(key.GetProperty("key").GetString()!);
                see?.Invoke(key);
            }

            if (!answer.Json.TryGetProperty("cursor", out JsonElement next)) return told;
            cursor = $"&cursor={next.GetString()}";
        }
    }
}
