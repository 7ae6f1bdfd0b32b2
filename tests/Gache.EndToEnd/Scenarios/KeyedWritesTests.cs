using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>Writes that are repeated as they were while nobody knows what became of them: each takes effect once, whoever leads.</summary>
public sealed class KeyedWritesTests
{
    private const int Clients = 8;
    private const int Kills = 4;
    private const int BetweenKills = 200; // acknowledged additions

    [Fact]
    public async Task Additions_that_are_repeated_through_kills_of_the_leader_are_counted_once()
    {
        await using Shard shard = await Shard.StartAsync();
        using var stop = new CancellationTokenSource();
        int[] acknowledged = new int[Clients];
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(() => CountAsync(shard, number, acknowledged, stop.Token)))];
        for (int kill = 0; kill < Kills; kill++)
        {
            int from = acknowledged.Sum();
            await Wait.UntilAsync("additions go on", () => Task.FromResult(acknowledged.Sum() >= from + BetweenKills));
            Node leader = await shard.LeaderAsync();
            await leader.Process.KillAsync();
            from = acknowledged.Sum();
            await Wait.UntilAsync("additions go on without it", () => Task.FromResult(acknowledged.Sum() >= from + BetweenKills));
            await leader.StartReadyAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        for (int number = 0; number < Clients; number++)
            Assert.Equal($"{acknowledged[number]}", await shard.ReadAsync(shard.First, $"counter{number}"));
    }

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

    /// <summary>One addition after the other, each sent again as it was, to any node, until it is acknowledged.</summary>
    private static async Task CountAsync(Shard shard, int number, int[] acknowledged, CancellationToken stop)
    {
        var random = new Random(number);
        using var client = new Client(TimeSpan.FromMilliseconds(1_500)); // impatient, so that answers are missed
        while (!stop.IsCancellationRequested)
        {
            string name = $"{number}-{acknowledged[number]}";
            await Wait.UntilAsync("an addition is acknowledged", async () =>
            {
                Node node = shard.Nodes[random.Next(shard.Nodes.Count)];
                Answer answer = await client.FollowAsync(HttpMethod.Post, node.Key($"counter{number}") + "?add=1", [], ("Idempotency-Key", name));
                if (answer.Status == 200) Assert.Equal($"{acknowledged[number] + 1}", answer.Text);
                return answer.Status == 200;
            });
            acknowledged[number]++;

            // Now and then once more, though it was answered: the same answer.
            if (random.Next(10) > 0) continue;
            Answer repeated = await client.FollowAsync(
                HttpMethod.Post, shard.Nodes[random.Next(shard.Nodes.Count)].Key($"counter{number}") + "?add=1", [], ("Idempotency-Key", name));
            if (repeated.Status == 200) Assert.Equal($"{acknowledged[number]}", repeated.Text);
        }
    }
}
