using Gache.Primitives;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Cluster.Tests;

/// <summary>After a recovery a slot can have two owners: no node decides that, and each says it.</summary>
public sealed class ContestedSlotsTests
{
    private static readonly ShardId Own = new(1);
    private static readonly ShardId Other = new(2);

    [Fact]
    public void A_slot_that_another_shard_owns_at_a_later_epoch_is_told_once_it_is_certain()
    {
        var contested = new ContestedSlots();
        SlotRange[] own = [new(0, 99, 5)];
        var map = new SlotMap(View(own, [new(90, 120, 6)]));
        contested.Look(Own, own, map, NullLogger.Instance);
        Assert.Empty(contested.Words); // it may be a hand-over of this moment
        for (int i = 0; i < 10; i++) contested.Look(Own, own, map, NullLogger.Instance);

        string words = Assert.Single(contested.Words);
        Assert.Contains("90-99", words, StringComparison.Ordinal);
        Assert.Contains(Other.ToString(), words, StringComparison.Ordinal);

        SlotRange[] less = [new(0, 89, 5)];
        contested.Look(Own, less, map, NullLogger.Instance);
        Assert.Empty(contested.Words);
    }

    [Fact]
    public void An_older_claim_of_another_shard_is_not_told()
    {
        var contested = new ContestedSlots();
        SlotRange[] own = [new(0, 99, 5)];
        var map = new SlotMap(View(own, [new(90, 120, 4)]));
        for (int i = 0; i < 10; i++) contested.Look(Own, own, map, NullLogger.Instance);
        Assert.Empty(contested.Words);
    }

    private static ClusterView View(SlotRange[] own, SlotRange[] other) => new(1, new ClusterId(9), [Node(1, Own, own), Node(2, Other, other)]);

    private static NodeView Node(int number, ShardId shard, SlotRange[] slots) => new(
        new NodeRecord { Node = new NodeId((UInt128)number), Shard = shard, ApiAddress = $"n{number}:8000", ClusterAddress = $"n{number}:9000", Slots = slots },
        null, true, default);
}
