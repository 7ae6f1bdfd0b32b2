namespace Gache.Cluster;

/// <summary>How much a node holds and how far it is; for people and for rebalancing, never for a decision that must be right.</summary>
/// <param name="KeyCount">Keys in its store.</param>
/// <param name="StoreBytes">Bytes in its store.</param>
/// <param name="CommitIndex">The commit index of its shard, as it knows it.</param>
/// <param name="AppliedIndex">The last index it applied.</param>
/// <param name="IsHealthy">Whether it says of itself that it is ready.</param>
public sealed record LoadRecord(ulong KeyCount, ulong StoreBytes, ulong CommitIndex, ulong AppliedIndex, bool IsHealthy);
