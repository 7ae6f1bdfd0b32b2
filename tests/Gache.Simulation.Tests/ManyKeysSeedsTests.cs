using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>Transactions and scans under faults: in one shard, and in shards whose slots move.</summary>
[Collection("worlds")]
public class ManyKeysSeedsTests
{
    private const ulong DefaultCount = 8;

    /// <summary>One shard, with bankers and a scanner beside a few other clients.</summary>
    internal static WorldOptions Options { get; } = new()
    {
        Duration = TimeSpan.FromMinutes(2),
        Bankers = 4,
        Scanners = 1,
        TraceLines = SeedVariables.TraceLines,
        Workload = new WorkloadOptions { Clients = 2 },
    };

    /// <summary>The same where slots move to and fro.</summary>
    internal static WorldOptions OfShards { get; } = ShardSeedsTests.Options with
    {
        Bankers = 4,
        Scanners = 2,
        Workload = ShardSeedsTests.Options.Workload with { Clients = 2, Keys = 8 },
    };

    [Fact]
    public void No_seed_breaks_a_transaction_or_a_scan_of_one_shard() => Play(Options, nameof(No_seed_breaks_a_transaction_or_a_scan_of_one_shard));

    [Fact]
    public void No_seed_breaks_a_transaction_or_a_scan_while_slots_move() => Play(OfShards, nameof(No_seed_breaks_a_transaction_or_a_scan_while_slots_move));

    private static void Play(WorldOptions options, string test)
    {
        if (SeedVariables.One is ulong one)
        {
            Judge(SeedRuns.PlayTraced(one, options), test);
            return;
        }

        ulong count = SeedVariables.Count ?? DefaultCount;
        IReadOnlyList<WorldReport> reports = SeedRuns.Play(SeedVariables.Range(count), options, Environment.ProcessorCount, SeedVariables.GoesOn);
        foreach (WorldReport report in reports) Tell($"{report}");
        if (reports.FirstOrDefault(r => r.Violation is not null) is { } failed) Judge(SeedRuns.PlayTraced(failed.Seed, options), test);
        Assert.Equal((int)count, reports.Count(r => r.Violation is null));
        Assert.True(reports.Sum(r => r.Transfers) > 20 * (int)count, "few transfers");
        Assert.True(reports.Sum(r => r.Scans) > 2 * (int)count, "few scans");
    }

    private static void Judge(WorldReport report, string test)
    {
        Tell($"{report}");
        Assert.True(report.Violation is null, SeedRuns.Describe(report, SeedVariables.Replay(report.Seed, test)));
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
