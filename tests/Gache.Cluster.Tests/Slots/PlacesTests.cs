using Gache.Primitives;
using Gache.Store;
using Xunit;

namespace Gache.Cluster.Tests;

/// <summary>A target that cannot go on holds up nobody else's moves.</summary>
public sealed class PlacesTests
{
    private static readonly ShardId Stuck = new(1);
    private static readonly ShardId AlsoStuck = new(2);

    [Fact]
    public void A_troubled_target_has_one_place_and_takes_none_of_the_others()
    {
        var places = new Places(4, 64);
        Assert.True(places.TryTake(1, SlotPhase.Leaving, Stuck));
        Assert.False(places.TryTake(2, SlotPhase.Leaving, Stuck));
        Assert.True(places.TryTake(3, SlotPhase.Leaving, AlsoStuck));
        for (int slot = 10; slot < 14; slot++) Assert.True(places.TryTake(slot, SlotPhase.Leaving, null));
        Assert.False(places.TryTake(14, SlotPhase.Leaving, null));
        places.Free(1);
        Assert.True(places.TryTake(2, SlotPhase.Leaving, Stuck));
    }

    [Fact]
    public void What_is_handed_over_and_what_ends_need_not_wait_for_new_moves()
    {
        var places = new Places(4, 64);
        for (int slot = 0; slot < 4; slot++) Assert.True(places.TryTake(slot, SlotPhase.Leaving, null));
        Assert.True(places.TryTake(10, SlotPhase.Keeping, null));
        Assert.True(places.TryTake(11, SlotPhase.Cleaning, Stuck));
        for (int slot = 20; slot < 84; slot++) Assert.True(places.TryTake(slot, SlotPhase.Handed, Stuck));
        Assert.False(places.TryTake(84, SlotPhase.Handed, null));
    }
}
