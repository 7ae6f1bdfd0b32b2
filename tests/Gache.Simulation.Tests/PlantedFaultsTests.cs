#if DEBUG
using Gache.Primitives;
using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>Each mistake planted in the production code is found in few seeds: the worlds have teeth.</summary>
/// <remarks>Only in a Debug build, as <c>dotnet test</c> makes it: in a Release build nothing can be planted.</remarks>
[Collection("worlds")]
public class PlantedFaultsTests
{
    private const ulong MostSeeds = 200;

    /// <summary>All, or the one that <c>GACHE_FAULT</c> names.</summary>
    public static TheoryData<PlantedFault> Faults =>
        [.. Enum.GetValues<PlantedFault>().Where(f => f != PlantedFault.None && (SeedVariables.Fault ?? f) == f)];

    // A read goes wrong only if it is asked while another one's round is under way, half a millisecond: that takes many readers.
    private static WorkloadOptions WorkloadFor(PlantedFault fault) => fault == PlantedFault.ReadConfirmedByEarlierRound
        ? new WorkloadOptions { Clients = 12, MostThinking = TimeSpan.FromMilliseconds(300), Mix = [20, 5, 5, 65, 5] }
        : new WorkloadOptions();

    [Theory]
    [MemberData(nameof(Faults))]
    public void Planted_fault_is_found(PlantedFault fault)
    {
        WorldOptions options = fault is >= PlantedFault.TransactionHalfDone and <= PlantedFault.ScanOfForeignSlots
            ? (fault == PlantedFault.ScanOfForeignSlots ? ManyKeysSeedsTests.OfShards : ManyKeysSeedsTests.Options) with { Planted = fault }
            : fault is >= PlantedFault.HandedSlotServed and <= PlantedFault.OlderStreamTakesOver
            ? (fault is PlantedFault.HandedSlotServed or PlantedFault.TakenWithoutChecksum ? ShardSeedsTests.Busy : ShardSeedsTests.Options) with { Planted = fault }
            : new WorldOptions { Planted = fault, TraceLines = SeedVariables.TraceLines, Workload = WorkloadFor(fault) };
        if (SeedVariables.One is ulong one)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(SeedRuns.Describe(
                SeedRuns.PlayTraced(one, options), SeedVariables.Replay(one, nameof(Planted_fault_is_found), fault)));
            return;
        }

        IReadOnlyList<WorldReport> played =
            SeedRuns.Play(SeedVariables.Range(SeedVariables.Count ?? MostSeeds), options, Environment.ProcessorCount, SeedVariables.GoesOn);
        WorldReport? found = played.FirstOrDefault(r => r.Violation is not null);
        Assert.True(found is not null, $"{fault} was not found in {played.Count} seeds");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{fault}: found {played.Count(r => r.Violation is not null)} times in {played.Count} seeds, first by seed {found.Seed}: {found.Violation}");
    }
}
#endif
