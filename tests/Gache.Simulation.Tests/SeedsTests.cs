using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>Whole clusters under faults.</summary>
[Collection("worlds")]
public class SeedsTests
{
    private const ulong DefaultCount = 40; // what fits into minutes beside the other tests; CONTRIBUTING.md has the long form

    private readonly WorldOptions options = new() { TraceLines = SeedVariables.TraceLines };

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        if (SeedVariables.One is ulong one)
        {
            Judge(SeedRuns.PlayTraced(one, options));
            return;
        }

        ulong count = SeedVariables.Count ?? DefaultCount;
        IReadOnlyList<WorldReport> reports =
            SeedRuns.Play(SeedVariables.Range(count), options, Environment.ProcessorCount, SeedVariables.GoesOn);
        foreach (WorldReport report in reports) Tell($"{report}");
        if (reports.FirstOrDefault(r => r.Violation is not null) is { } failed) Judge(SeedRuns.PlayTraced(failed.Seed, options));
        Assert.Equal((int)count, reports.Count(r => r.Violation is null));
    }

    [Fact]
    public void Same_seed_lives_the_same_life()
    {
        var world = new WorldOptions { Duration = TimeSpan.FromMinutes(2) };
        foreach (ulong seed in SeedVariables.Range(4))
        {
            WorldReport first = new World(seed, world).Run();
            WorldReport traced = SeedRuns.PlayTraced(seed, world);
            Assert.Equal(first.ToString(), traced.ToString());
            Assert.Equal(traced.Trace, SeedRuns.PlayTraced(seed, world).Trace);
        }
    }

    [Fact]
    public void Worlds_see_every_kind_of_fault()
    {
        var shorter = new WorldOptions { Duration = TimeSpan.FromMinutes(2) };
        IReadOnlyList<WorldReport> reports = SeedRuns.Play(SeedVariables.Range(30), shorter, Environment.ProcessorCount);
        Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.Contains(reports, r => r.Faults.GetValueOrDefault(kind) > 0));
    }

    private static void Judge(WorldReport report)
    {
        Tell($"{report}");
        Assert.True(report.Violation is null, SeedRuns.Describe(report, SeedVariables.Replay(report.Seed, nameof(No_seed_breaks_a_promise))));
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
