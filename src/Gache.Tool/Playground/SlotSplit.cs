namespace Gache.Tool.Playground;

/// <summary>How a playground's shards share the slots at their founding.</summary>
internal static class SlotSplit
{
    /// <summary>Slots of a cluster.</summary>
    private const int SlotCount = 16_384;

    /// <summary>The three of the README: not quite even, so that <c>./gache cluster rebalance</c> has something to do.</summary>
    private static readonly (int First, int Last)[] Three = [(0, 5_000), (5_001, 10_000), (10_001, SlotCount - 1)];

    /// <summary>One range a shard, together all slots.</summary>
    public static IReadOnlyList<(int First, int Last)> Of(int shards) => shards == Three.Length
        ? Three
        : [.. Enumerable.Range(0, shards).Select(shard => (shard * SlotCount / shards, ((shard + 1) * SlotCount / shards) - 1))];
}
