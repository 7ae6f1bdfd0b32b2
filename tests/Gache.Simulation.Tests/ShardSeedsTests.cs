using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>Clusters of shards under faults: founding by grants, gossip, and slots that move to and fro.</summary>
[Collection("worlds")]
public class ShardSeedsTests
{
    private const ulong DefaultCount = 16;

    /// <summary>Two shards of three, a third that comes later without slots, and keys in few slots, so that moves and clients meet.</summary>
    internal static WorldOptions Options { get; } = new()
    {
        Shards = 2,
        Duration = TimeSpan.FromMinutes(2),
        TraceLines = SeedVariables.TraceLines,
        Workload = new WorkloadOptions { Clients = 5, Keys = 16, Tags = 4, MostThinking = TimeSpan.FromMilliseconds(700) },
    };

    /// <summary>Busier, so that somebody always writes to the slot that is handed over: for mistakes of a moment. Few keyed writes, since their answers stay: a
    /// stream of small chunks would carry them for most of such a world.</summary>
    internal static WorldOptions Busy { get; } = Options with
    {
        Workload = new WorkloadOptions { Clients = 10, Keys = 8, Tags = 2, MostThinking = TimeSpan.FromMilliseconds(150), LatestRepeat = TimeSpan.FromMilliseconds(300), Keyed = 0.05 },
    };

    [Fact]
    public void No_seed_loses_or_doubles_a_slot()
    {
        if (SeedVariables.One is ulong one)
        {
            Judge(SeedRuns.PlayTraced(one, Options));
            return;
        }

        ulong count = SeedVariables.Count ?? DefaultCount;
        IReadOnlyList<WorldReport> reports =
            SeedRuns.Play(SeedVariables.Range(count), Options, Environment.ProcessorCount, SeedVariables.GoesOn);
        foreach (WorldReport report in reports) Tell($"{report}");
        if (reports.FirstOrDefault(r => r.Violation is not null) is { } failed) Judge(SeedRuns.PlayTraced(failed.Seed, Options));
        Assert.Equal((int)count, reports.Count(r => r.Violation is null));
        Assert.True(reports.Sum(r => r.Moves) > 10 * (int)count, "few slots moved");
    }

    [Fact]
    public void Same_seed_of_shards_lives_the_same_life()
    {
        WorldOptions world = Options with { Duration = TimeSpan.FromSeconds(30) };
        foreach (ulong seed in SeedVariables.Range(2))
        {
            WorldReport first = new World(seed, world).Run();
            WorldReport traced = SeedRuns.PlayTraced(seed, world);
            Assert.Equal(first.ToString(), traced.ToString());
            Assert.Equal(traced.Trace, SeedRuns.PlayTraced(seed, world).Trace);
        }
    }

    private static void Judge(WorldReport report)
    {
        Tell($"{report}");
        Assert.True(report.Violation is null, SeedRuns.Describe(report, SeedVariables.Replay(report.Seed, nameof(No_seed_loses_or_doubles_a_slot))));
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
