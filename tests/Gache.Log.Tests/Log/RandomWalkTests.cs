using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Log.Tests;

public class RandomWalkTests
{
    private const int Steps = 100;

    [Fact]
    public void P1_P3_P4_Whatever_was_durable_is_there_after_any_crash_and_the_rest_is_a_prefix() =>
        Gen.Int.Sample(seed => new LogWalk(seed).Run(Steps), iter: 1500);

#if DEBUG
    [Fact]
    public void P4_A_recovered_tail_that_is_trusted_without_a_sync_is_found()
    {
        Planted.Active = PlantedFault.RecoveredTailTrusted;
        try
        {
            int seed = 0;
            while (seed < 200 && IsFine(seed)) seed++;
            Assert.InRange(seed, 0, 199);
        }
        finally
        {
            Planted.Active = PlantedFault.None;
        }
    }

    private static bool IsFine(int seed)
    {
        try
        {
            new LogWalk(seed).Run(Steps);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or LogDamagedException or Xunit.Sdk.XunitException)
        {
            return false;
        }
    }
#endif
}
