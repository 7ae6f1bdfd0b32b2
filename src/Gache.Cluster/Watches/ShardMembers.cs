namespace Gache.Cluster;

/// <summary>Whose histories of a shard's changes there may be.</summary>
/// <param name="IsHere">Whether a replica is here.</param>
/// <param name="Alive">The others that can be asked, the leader first.</param>
/// <param name="IsAnyMissed">Whether one that may have it cannot be asked, and may still come back.</param>
internal sealed record ShardMembers(bool IsHere, IReadOnlyList<ClusterPeer> Alive, bool IsAnyMissed);
