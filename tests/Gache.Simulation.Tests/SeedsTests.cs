using System.Globalization;
using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>
/// Whole clusters under faults. <c>GACHE_SEED</c> replays one seed with its trace (of <c>GACHE_TRACE_LINES</c> lines), <c>GACHE_SEEDS</c> and
/// <c>GACHE_FIRST_SEED</c> play others than the usual, <c>GACHE_GOES_ON=1</c> all of them whatever is found.
/// </summary>
[Collection("worlds")]
public class SeedsTests
{
    private const int DefaultSeeds = 200;
    private const int DefaultTraceLines = 300;
    private const string Replay = "GACHE_SEED={0} dotnet run --project tests/Gache.Simulation.Tests -- -method '*No_seed_breaks_a_promise'";

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        var options = new WorldOptions { TraceLines = (int)(Number("GACHE_TRACE_LINES") ?? DefaultTraceLines) };
        if (Number("GACHE_SEED") is ulong one)
        {
            WorldReport replayed = SeedRuns.PlayTraced(one, options);
            Assert.True(replayed.Violation is null, SeedRuns.Describe(replayed, Command(one)));
            TestContext.Current.TestOutputHelper?.WriteLine($"{replayed}");
            return;
        }

        ulong first = Number("GACHE_FIRST_SEED") ?? 1;
        ulong count = Number("GACHE_SEEDS") ?? DefaultSeeds;
        IEnumerable<ulong> seeds = Enumerable.Range(0, (int)count).Select(i => first + (ulong)i);
        IReadOnlyList<WorldReport> reports = SeedRuns.Play(seeds, options, Environment.ProcessorCount, goesOn: Number("GACHE_GOES_ON") is not null);
        foreach (WorldReport report in reports) TestContext.Current.TestOutputHelper?.WriteLine($"{report}");
        if (reports.FirstOrDefault(r => r.Violation is not null) is { } failed)
            Assert.Fail(SeedRuns.Describe(SeedRuns.PlayTraced(failed.Seed, options), Command(failed.Seed)));
        Assert.Equal((int)count, reports.Count);
    }

    private static string Command(ulong seed) => string.Format(CultureInfo.InvariantCulture, Replay, seed);

    private static ulong? Number(string name) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
