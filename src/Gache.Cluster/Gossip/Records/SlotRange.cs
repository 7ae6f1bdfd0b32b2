namespace Gache.Cluster;

/// <summary>Slots that a node serves, one after another, owned since the same epoch.</summary>
/// <param name="First">The first slot, 0 to 16,383.</param>
/// <param name="Last">The last slot, included; not below <paramref name="First"/>.</param>
/// <param name="Epoch">The epoch at which the node's shard came to own them.</param>
public readonly record struct SlotRange(int First, int Last, ulong Epoch);
