using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>Watches in clusters of shards under faults: each tells every committed change of its keys once, in order by key.</summary>
[Collection("worlds")]
public class WatchSeedsTests
{
    private const ulong DefaultCount = 8;

    private static WorldOptions Options { get; } = ShardSeedsTests.Options with { Watchers = 4 };

    [Fact]
    public void No_watch_misses_doubles_or_disorders_a_change()
    {
        if (SeedVariables.One is ulong one)
        {
            Judge(SeedRuns.PlayTraced(one, Options));
            return;
        }

        ulong count = SeedVariables.Count ?? DefaultCount;
        IReadOnlyList<WorldReport> reports = SeedRuns.Play(SeedVariables.Range(count), Options, Environment.ProcessorCount, SeedVariables.GoesOn);
        foreach (WorldReport report in reports) Tell($"{report}");
        if (reports.FirstOrDefault(r => r.Violation is not null) is { } failed) Judge(SeedRuns.PlayTraced(failed.Seed, Options));
        Assert.Equal((int)count, reports.Count(r => r.Violation is null));
        Assert.True(reports.Sum(r => r.Watched) > 100 * (int)count, "few changes were watched");
        Assert.True(reports.Sum(r => r.Resumed) > 10 * (int)count, "few watches went on");
        Assert.True(reports.Sum(r => r.HistoryFiles) > (int)count, "few histories outgrew memory");
        Assert.True(reports.Sum(r => r.Compacted) * 10 < reports.Sum(r => r.Resumed), "most watches could not go on");
    }

    [Fact]
    public void Same_seed_of_watches_lives_the_same_life()
    {
        WorldOptions world = Options with { Duration = TimeSpan.FromSeconds(30) };
        WorldReport first = new World(1, world).Run();
        WorldReport traced = SeedRuns.PlayTraced(1, world);
        Assert.Equal(first.ToString(), traced.ToString());
        Assert.Equal(traced.Trace, SeedRuns.PlayTraced(1, world).Trace);
    }

    private static void Judge(WorldReport report)
    {
        Tell($"{report}");
        Assert.True(report.Violation is null, SeedRuns.Describe(report, SeedVariables.Replay(report.Seed, nameof(No_watch_misses_doubles_or_disorders_a_change))));
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
