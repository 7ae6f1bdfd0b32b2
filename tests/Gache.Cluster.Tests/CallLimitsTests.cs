using Xunit;

namespace Gache.Cluster.Tests;

public sealed class CallLimitsTests
{
    [Fact]
    public void The_largest_value_fits_into_one_call_with_room_for_its_head() => Assert.True(CallLimits.MaxBodyBytes > Store.StoreLimits.MaxValueBytes + 64 * 1024);
}
