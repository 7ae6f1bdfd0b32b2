using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>What others see of very many keys that are over at once. Run by hand, on a quiet machine (CONTRIBUTING.md).</summary>
public sealed partial class ExpiryMeasures
{
    private const int Keys = 1_000_000;
    private const int LinesOfBatch = 10_000;
    private const double MostAddedMilliseconds = 50; // to the 99th percentile

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongWait = TimeSpan.FromMinutes(5);

    [Fact(Explicit = true)]
    public async Task A_million_keys_that_are_over_in_the_same_second_add_at_most_fifty_milliseconds_to_the_posts_of_others()
    {
        await using Shard shard = await Shard.StartAsync(3, "--max-memory", "2GiB");
        var clock = Stopwatch.StartNew();
        TimeSpan end = await FillAsync(shard, clock);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{Keys} keys in {clock.Elapsed.TotalSeconds:0.0} s; over at {end.TotalSeconds:0.0} s"));
        Assert.True(clock.Elapsed < end - Before, "the keys were not written fast enough to be over together");

        Node leader = await shard.LeaderAsync();
        await using var prober = new Prober(Interval, number => shard.Client.FollowAsync(HttpMethod.Post, leader.Key($"probe-{number % 1_000}"), "v"u8.ToArray()));
        await Wait.UntilAsync("the first is over soon", () => Task.FromResult(clock.Elapsed > end - Before / 2), LongWait);
        prober.Take(); // without its own first second, and after what the filling left to do
        await Wait.UntilAsync("the first is over at once", () => Task.FromResult(clock.Elapsed > end - TimeSpan.FromMilliseconds(200)), LongWait);
        Prober.Figures before = prober.Take();
        long first = await KeysAsync(leader);
        foreach (Node node in shard.Nodes) await Wait.UntilAsync($"all are gone at {node.Name}", async () => await KeysAsync(node) <= 1_000, LongWait);
        TimeSpan gone = clock.Elapsed - end;
        Prober.Figures during = prober.Take();
        await prober.StopAsync();

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"{first} keys, all gone on every replica {gone.TotalSeconds:0.0} s after they were over; POSTs of others before: {before}; meanwhile: {during}"));
        Assert.InRange(first, Keys, int.MaxValue);
        Assert.True(during.P99 - before.P99 <= MostAddedMilliseconds, $"before {before}, meanwhile {during}");
    }

    /// <summary>Writes them so that all are over at the same moment, which is chosen by how long the first ones take.</summary>
    private static async Task<TimeSpan> FillAsync(Shard shard, Stopwatch clock)
    {
        const int Batches = Keys / LinesOfBatch;
        const int Trials = 5;
        for (int batch = 0; batch < Trials; batch++) await WriteBatchAsync(shard, batch, () => TimeSpan.FromDays(1)); // written over below
        TimeSpan end = (clock.Elapsed / Trials * Batches * 1.5) + (2 * Before);
        for (int batch = 0; batch < Batches; batch++) await WriteBatchAsync(shard, batch, () => end - clock.Elapsed);
        return end;
    }

    private static Task WriteBatchAsync(Shard shard, int batch, Func<TimeSpan> ttl) => Wait.UntilAsync("all lines of a batch are done", async () =>
    {
        IEnumerable<string> lines = Enumerable.Range(batch * LinesOfBatch, LinesOfBatch).Select(i => string.Create(
            CultureInfo.InvariantCulture, $$"""{"op":"set","key":"over-{{i}}","value":"v","ttl":"{{ttl().TotalMilliseconds:0}}ms"}"""));
        Answer answer = await shard.Client.FollowAsync(HttpMethod.Post, $"{shard.First.Url}/batch", Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return Done().Count(answer.Text) == LinesOfBatch;
    });

    private static async Task<long> KeysAsync(Node node)
    {
        Answer answer = await node.Client.SendAsync(HttpMethod.Get, $"{node.Url}/metrics");
        return long.Parse(StoredKeys().Match(answer.Text).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("\"status\":20[01]")]
    private static partial Regex Done();

    [GeneratedRegex(@"^gache_store_keys\S* (\d+)", RegexOptions.Multiline)]
    private static partial Regex StoredKeys();
}
