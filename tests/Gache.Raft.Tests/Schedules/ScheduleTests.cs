using System.Diagnostics;
using System.Globalization;
using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>
/// Random histories. A failing one names its seed; <c>GACHE_RAFT_SEED=n</c> before the test command runs that one alone, and
/// <c>GACHE_RAFT_SEEDS=n</c> more of them.
/// </summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    private const int StepsPerSeed = 5000;

    [Fact]
    public void Random_schedules_keep_every_property_of_figure_3_and_recover()
    {
        int only = Setting("GACHE_RAFT_SEED", 0);
        int seeds = only == 0 ? Setting("GACHE_RAFT_SEEDS", 100) : 1;
        var watch = Stopwatch.StartNew();
        long steps = 0;
        int leaders = 0;
        ulong committed = 0;
        for (int seed = only == 0 ? 1 : only; seeds > 0; seeds--, seed++)
        {
            var schedule = new Schedule(seed);
            try
            {
                schedule.Run(StepsPerSeed);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, step {schedule.StepsDone} (replay: GACHE_RAFT_SEED={seed}): {e}");
            }

            steps += StepsPerSeed;
            leaders += schedule.Group.Properties.Leaders;
            committed += schedule.Group.Properties.HighestCommit;
            if (only != 0) output.WriteLine(schedule.Summary);
        }

        output.WriteLine($"{steps} steps, {leaders} leaders, {committed} commits in {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.True(leaders > steps / StepsPerSeed && committed > (ulong)steps / 100, $"{leaders} leaders and {committed} commits in {steps} steps say little");
    }

    /// <summary>The properties can see: with each mistake planted, a history breaks one of them.</summary>
    [Theory]
    [InlineData(PlantedFault.AnswerBeforeSync)]
    [InlineData(PlantedFault.OldTermCommittedByCounting)]
    [InlineData(PlantedFault.LateDurableCounted)]
    [InlineData(PlantedFault.ReadConfirmedByEarlierRound)]
    public void Random_schedules_find_a_planted_fault(PlantedFault fault)
    {
#if DEBUG
        const int MaxSeeds = 1_000;
        Planted.Active = fault;
        try
        {
            for (int seed = 1; seed <= MaxSeeds; seed++)
            {
                try
                {
                    new Schedule(seed).Run(StepsPerSeed);
                }
                catch (InvariantBrokenException e) when (!e.Message.StartsWith("liveness", StringComparison.Ordinal))
                {
                    output.WriteLine($"{fault}: found by seed {seed}: {e.Message}");
                    return;
                }
            }

            Assert.Fail($"{fault} is not found in {MaxSeeds} seeds");
        }
        finally
        {
            Planted.Active = PlantedFault.None;
        }
#else
        Assert.False(Planted.Is(fault));
#endif
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
