using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P1, P11: what each of very many writes was told under faults is what became of it. Run by hand (CONTRIBUTING.md).</summary>
/// <remarks>
/// <para>A third are of keys that are written once: all are read at the end. A third add one to a counter, a third put or delete with the
/// revision that was told last: the next such write of the same client would fail if one that was "not applied" had an effect. Once a
/// client does not know what became of a write, it goes on with another counter or key, and what it left may be either at the end.</para>
/// <para>Each request has a connection of its own: a pooled one that was closed may make the HTTP client send again by itself.</para>
/// </remarks>
public sealed class OutcomeMeasures
{
    private const int Clients = 32;
    private const int LinesOfPage = 1_000;

    /// <summary><c>GACHE_OUTCOME_WRITES</c> for less or more than the hundred thousand (1,000 and more); a fifth of them with slots that move.</summary>
    private static readonly int Writes =
        int.TryParse(Environment.GetEnvironmentVariable("GACHE_OUTCOME_WRITES"), CultureInfo.InvariantCulture, out int writes) ? writes : 100_000;

    [Fact(Explicit = true)]
    public async Task A_hundred_thousand_writes_to_a_shard_under_faults_were_told_the_truth()
    {
        await using Shard shard = await Shard.StartAsync(3, "--request-timeout", "1s");
        var random = new Random(1);
        Tally tally = await WriteAsync(shard.Nodes, Writes, end => Faults.OneAfterTheOtherAsync(async () => random.Next(4) switch
        {
            0 => [await shard.LeaderAsync()],
            1 => [shard.Nodes[random.Next(3)]],
            2 => [.. shard.Nodes.Except([await shard.LeaderAsync()])], // the leader goes on alone, and soon knows that it may not
            _ => [.. shard.Nodes.Except([shard.Nodes[random.Next(3)]])],
        }, random, end));
        await shard.VotersAsync(3);
        await tally.VerifyAsync((await shard.LeaderAsync()).Url);
    }

    [Fact(Explicit = true)]
    public async Task Writes_to_three_shards_under_faults_with_slots_that_move_were_told_the_truth()
    {
        await using ShardedCluster cluster = await ShardedCluster.StartAsync(3, "--request-timeout", "1s");
        var random = new Random(1);
        await using var mover = new Mover(cluster, slotsAtOnce: 1_000);
        Tally tally = await WriteAsync(cluster.Nodes, Writes / 5, end => Faults.OneAfterTheOtherAsync(
            async () => [random.Next(2) == 0 ? await cluster.LeaderAsync(random.Next(3)) : cluster.Nodes[random.Next(9)]], random, end));
        await mover.StopAsync();
        await cluster.ReadyAsync();
        await Wait.UntilAsync("no slot is between two shards", async () => await cluster.MovesLeftAsync() == 0, TimeSpan.FromMinutes(5));
        await tally.VerifyAsync(cluster.Nodes[0].Url);
        Assert.InRange(mover.Slots, 1_000, int.MaxValue);
        TestContext.Current.SendDiagnosticMessage($"{mover.Slots} slots moved meanwhile");
    }

    private static async Task<Tally> WriteAsync(IReadOnlyList<Node> nodes, int writes, Func<CancellationToken, Task<int[]>> disturb)
    {
        using var end = new CancellationTokenSource();
        var tally = new Tally();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            using var told = new Told(number, nodes, tally, writes);
            await told.RunAsync();
        }))];
        Task<int[]> disturbing = disturb(end.Token);
        Task written = Task.WhenAll(clients);
        await Task.WhenAny(written, disturbing); // the latter only if it fails
        await end.CancelAsync();
        tally.Faults = await disturbing;
        await written;
        return tally;
    }

    /// <summary>What all clients were told.</summary>
    private sealed class Tally
    {
        private readonly ConcurrentDictionary<string, int> told = new();
        private int answered;

        /// <summary>What a key may hold at the end: any of these, null for nothing.</summary>
        public ConcurrentDictionary<string, string?[]> Due { get; } = new();

        /// <summary>Answers that cannot be, whatever is read at the end.</summary>
        public ConcurrentQueue<string> Lies { get; } = new();

        public int[] Faults { get; set; } = [];

        public int Answered => Volatile.Read(ref answered);

        public void Note(Answer answer)
        {
            if (answer.Status != 0) Interlocked.Increment(ref answered);
            told.AddOrUpdate(answer.Outcome switch
            {
                Outcome.Done => "acknowledged",
                Outcome.NotApplied => $"not-applied: {answer.Status} {answer.Code}",
                _ => $"unknown: {(answer.Status == 0 ? "no answer" : $"{answer.Status} {answer.Code}")}",
            }, 1, (_, count) => count + 1);
        }

        public async Task VerifyAsync(string url)
        {
            Dictionary<string, string> there = await ReadAllAsync(url);
            string[] wrong = [.. Due.Where(pair => !pair.Value.Contains(there.GetValueOrDefault(pair.Key)))
                .Select(pair => $"{pair.Key} is {there.GetValueOrDefault(pair.Key) ?? "not there"}, and not {string.Join(" or ", pair.Value.Select(value => value ?? "not there"))}")];
            string[] strange = [.. there.Keys.Except(Due.Keys)];
            TestContext.Current.SendDiagnosticMessage(
                $"{Answered} answers, {Faults[0]} pauses, {Faults[1]} kills, {Faults[2]} stops, {Faults[3]} pauses of two; {string.Join("; ", told.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} x {pair.Key}"))}; {Due.Count} keys judged: {wrong.Length + strange.Length} wrong, {Lies.Count} answers that cannot be");
            Assert.Empty(Lies);
            Assert.Empty(wrong);
            Assert.Empty(strange);
        }

        private static async Task<Dictionary<string, string>> ReadAllAsync(string url)
        {
            var there = new Dictionary<string, string>();
            using var client = new Client();
            string cursor = "";
            while (true)
            {
                Answer page = await Wait.ForAsync("a page is told", async () =>
                {
                    Answer tried = await client.FollowAsync(HttpMethod.Get, $"{url}/keys?prefix=&limit={LinesOfPage}&values=true{cursor}");
                    if (tried.Status == 503 && tried.Json.TryGetProperty("cursor", out JsonElement here)) cursor = $"&cursor={here.GetString()}";
                    return tried.Status == 200 ? tried : null;
                });
                foreach (JsonElement key in page.Json.GetProperty("keys").EnumerateArray())
                    Assert.True(there.TryAdd(key.GetProperty("key").GetString()!, key.GetProperty("value").GetString()!));
                if (!page.Json.TryGetProperty("cursor", out JsonElement next)) return there;
                cursor = $"&cursor={next.GetString()}";
            }
        }
    }

    /// <summary>One client, one write after the other.</summary>
    private sealed class Told : IDisposable
    {
        private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(10); // after a refusal, as some come at once

        private readonly int number;
        private readonly IReadOnlyList<Node> nodes;
        private readonly Tally tally;
        private readonly int writes;
        private readonly Random random;
        private readonly Client client = new();
        private int sequence;
        private string counter;
        private int count;
        private string register;
        private string? value;
        private string? revision;

        /// <summary>Client <paramref name="number"/>, which writes until all together were answered <paramref name="writes"/> times.</summary>
        public Told(int number, IReadOnlyList<Node> nodes, Tally tally, int writes)
        {
            (this.number, this.nodes, this.tally, this.writes) = (number, nodes, tally, writes);
            random = new Random(number);
            (counter, register) = ($"counter-{number}-0", $"register-{number}-0");
        }

        public async Task RunAsync()
        {
            while (tally.Answered < writes)
            {
                sequence++;
                Outcome outcome = random.Next(3) switch
                {
                    0 => await OnceAsync(),
                    1 => await AddAsync(),
                    _ => await ChangeAsync(),
                };
                if (outcome != Outcome.Done) await Task.Delay(Rest);
            }
        }

        public void Dispose() => client.Dispose();

        /// <summary>A key that nobody else ever writes.</summary>
        private async Task<Outcome> OnceAsync()
        {
            string key = $"once-{number}-{sequence}";
            bool isPut = random.Next(2) == 0;
            Answer answer = await SendAsync(isPut ? HttpMethod.Put : HttpMethod.Post, key, key);
            if (answer.Status == 200 && isPut) tally.Lies.Enqueue($"{key}, written once, was there already: {answer}");
            tally.Due[key] = answer.Outcome switch
            {
                Outcome.Done => [key],
                Outcome.NotApplied => [null],
                _ => [key, null],
            };
            return answer.Outcome;
        }

        private async Task<Outcome> AddAsync()
        {
            Answer answer = await SendAsync(HttpMethod.Post, $"{counter}?add=1", "");
            string? before = count == 0 ? null : Text(count);
            if (answer.Outcome == Outcome.Done)
            {
                count++;
                if (answer.Text != Text(count)) tally.Lies.Enqueue($"{counter}: {answer}, and not {count}");
            }

            tally.Due[counter] = answer.Outcome == Outcome.Unknown ? [before, Text(count + 1)] : [count == 0 ? null : Text(count)];
            if (answer.Outcome == Outcome.Unknown) (counter, count) = ($"counter-{number}-{sequence}", 0);
            return answer.Outcome;
        }

        /// <summary>A key whose every change names the one before.</summary>
        private async Task<Outcome> ChangeAsync()
        {
            bool isDelete = value is not null && random.Next(4) == 0;
            string? next = isDelete ? null : $"{register}:{sequence}";
            Answer answer = await SendAsync(
                isDelete ? HttpMethod.Delete : HttpMethod.Put, register, next, value is null ? ("If-None-Match", "*") : ("If-Match", revision!));
            if (answer.Status == 412) tally.Lies.Enqueue($"{register}: its last known change is no longer the last one, though nobody else writes it: {answer}");
            tally.Due[register] = answer.Outcome switch
            {
                Outcome.Done => [next],
                Outcome.NotApplied => [value],
                _ => [value, next],
            };
            if (answer.Outcome == Outcome.Done) (value, revision) = (next, answer.ETag);
            if (answer.Outcome == Outcome.Unknown) (register, value, revision) = ($"register-{number}-{sequence}", null, null);
            return answer.Outcome;
        }

        private async Task<Answer> SendAsync(HttpMethod method, string key, string? body, params (string Name, string Value)[] headers)
        {
            Answer answer = await client.FollowAsync(
                method, nodes[random.Next(nodes.Count)].Key(key), body is null ? null : Encoding.UTF8.GetBytes(body), [("Connection", "close"), .. headers]);
            tally.Note(answer);
            string? said = answer.Problem?.GetProperty("outcome").GetString();
            if (said is not null && (said == "not-applied") != (answer.Outcome == Outcome.NotApplied)) tally.Lies.Enqueue($"{answer.Status} with the outcome {said}");
            return answer;
        }

        private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
