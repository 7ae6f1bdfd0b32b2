using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Writes that are repeated as they were while nobody knows what became of them: each takes effect once, whoever leads.</summary>
public sealed class KeyedWritesTests
{
    /// <summary><c>GACHE_KEYED_ADDITIONS</c> for the long form (1,000 and more).</summary>
    private static readonly int Additions =
        int.TryParse(Environment.GetEnvironmentVariable("GACHE_KEYED_ADDITIONS"), CultureInfo.InvariantCulture, out int additions) ? additions : 10_000;

    [Fact]
    public Task Additions_that_are_repeated_through_kills_of_the_leader_are_counted_once() => CountThroughKillsAsync(clients: 8, kills: 4, additions: 1_600);

    [Fact(Explicit = true)]
    public Task Ten_thousand_additions_that_are_repeated_through_twenty_kills_of_the_leader_are_counted_once() =>
        CountThroughKillsAsync(clients: 32, kills: 20, Additions);

    [Fact]
    public async Task A_key_outlives_a_change_of_leader_by_what_was_left_and_is_gone_everywhere()
    {
        await using Shard shard = await Shard.StartAsync();
        await Wait.UntilAsync("it is written", async () =>
            (await shard.Client.FollowAsync(HttpMethod.Put, shard.First.Key("lock") + "?ttl=8s", [1])).Status is 200 or 201);
        await (await shard.LeaderAsync()).Process.KillAsync();
        Node leader = await shard.LeaderAsync();
        Answer read = await leader.Client.SendAsync(HttpMethod.Get, leader.Key("lock"));
        Assert.Equal(200, read.Status);
        Assert.InRange(int.Parse(read.Headers["Gache-Expires-In"], CultureInfo.InvariantCulture), 1, 8_000);
        foreach (Node node in shard.Running.ToList())
            await Wait.UntilAsync($"{node.Name} has it no more", async () => (await node.Client.SendAsync(HttpMethod.Get, node.Key("lock") + "?level=stale")).Status == 404);
        Assert.Equal(201, (await shard.Client.FollowAsync(HttpMethod.Put, leader.Key("lock"), [2], ("If-None-Match", "*"))).Status);
    }

    /// <param name="clients">Each has a counter of its own.</param>
    /// <param name="kills">Of whoever leads.</param>
    /// <param name="additions">Acknowledged ones in all; as many before each kill as before the killed node is started again.</param>
    private static async Task CountThroughKillsAsync(int clients, int kills, int additions)
    {
        await using Shard shard = await Shard.StartAsync();
        using var stop = new CancellationTokenSource();
        var counts = new Count[clients];
        Task[] tasks = [.. Enumerable.Range(0, clients).Select(number => Task.Run(() => CountAsync(shard, number, counts, stop.Token)))];
        for (int kill = 0; kill < kills; kill++)
        {
            await GoOnAsync("additions go on", counts, additions / kills / 2);
            Node leader = await shard.LeaderAsync();
            await leader.Process.KillAsync();
            await GoOnAsync("additions go on without it", counts, additions / kills / 2);
            await leader.StartReadyAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(tasks);
        for (int number = 0; number < clients; number++)
            Assert.Equal($"{counts[number].Acknowledged}", await shard.ReadAsync(shard.First, $"counter{number}"));
        TestContext.Current.SendDiagnosticMessage(
            $"{counts.Sum(count => count.Acknowledged)} additions acknowledged through {kills} kills, {counts.Sum(count => count.SentAgain)} of them sent again without an answer, {counts.Sum(count => count.Repeated)} once more after it: each counted once");
    }

    private static Task GoOnAsync(string what, Count[] counts, int more)
    {
        int from = counts.Sum(count => count.Acknowledged);
        return Wait.UntilAsync(what, () => Task.FromResult(counts.Sum(count => count.Acknowledged) >= from + more), TimeSpan.FromSeconds(60));
    }

    /// <summary>One addition after the other, each sent again as it was, to any node, until it is acknowledged.</summary>
    private static async Task CountAsync(Shard shard, int number, Count[] counts, CancellationToken stop)
    {
        var random = new Random(number);
        using var client = new Client(TimeSpan.FromMilliseconds(1_500)); // impatient, so that answers are missed
        while (!stop.IsCancellationRequested)
        {
            int before = counts[number].Acknowledged;
            bool wasAnswered = true;
            await Wait.UntilAsync("an addition is acknowledged", async () =>
            {
                Answer answer = await AddAsync(before);
                if (answer.Status == 200) Assert.Equal($"{before + 1}", answer.Text);
                else if (answer.Outcome == Outcome.Unknown) wasAnswered = false;
                return answer.Status == 200;
            });
            if (!wasAnswered) counts[number].SentAgain++;
            counts[number].Acknowledged = before + 1;

            // Now and then once more, though it was answered: the same answer.
            if (random.Next(10) > 0) continue;
            Answer repeated = await AddAsync(before);
            if (repeated.Status != 200) continue;
            Assert.Equal($"{before + 1}", repeated.Text);
            counts[number].Repeated++;
        }

        Task<Answer> AddAsync(int n) => client.FollowAsync(
            HttpMethod.Post, shard.Nodes[random.Next(shard.Nodes.Count)].Key($"counter{number}") + "?add=1", [], ("Idempotency-Key", $"{number}-{n}"));
    }

    private record struct Count(int Acknowledged, int SentAgain, int Repeated);
}
