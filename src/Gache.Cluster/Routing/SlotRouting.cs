using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Where a request for a slot belongs: by the own log as far as it is applied here, and else by what gossip tells.</summary>
internal static class SlotRouting
{
    /// <summary>Decides it.</summary>
    /// <param name="slot">0 to 16,383.</param>
    /// <param name="own">What this node is.</param>
    /// <param name="phase">The slot's phase in the state applied here; null while that state says nothing of the own shard.</param>
    /// <param name="known">What gossip tells.</param>
    /// <param name="awaitsOthers">Whether gossip has told nothing yet, though there are others.</param>
    public static SlotRoute Decide(int slot, ReplicaStatus own, SlotPhase? phase, SlotMap known, bool awaitsOthers = false)
    {
        if (phase is SlotPhase.Owned or SlotPhase.Leaving or SlotPhase.Keeping) return new SlotRoute(RouteKind.Here);
        if (phase == SlotPhase.Handed) return new SlotRoute(RouteKind.Moving);

        (ShardId owner, _) = known.OwnerOf(slot);
        if (owner.IsNone)
        {
            if (phase is not (null or SlotPhase.None or SlotPhase.Dropped)) return new SlotRoute(RouteKind.Moving);
            bool mayBeOurs = phase is null && !own.Shard.IsNone; // its log will tell in a moment
            return new SlotRoute(mayBeOurs || awaitsOthers ? RouteKind.NoLeader : RouteKind.Unassigned);
        }

        // A leader's own log is ahead of what gossip tells of its shard. Anybody else's may be behind it: then its leader knows.
        if (owner == own.Shard && own.Role == ReplicaRole.Leader && phase is not null) return new SlotRoute(RouteKind.Moving);
        return known.LeaderOf(owner) is { } leader && leader.Node != own.Node
            ? new SlotRoute(RouteKind.Elsewhere, leader, owner.ToString())
            : new SlotRoute(RouteKind.NoLeader, null, owner.ToString());
    }
}
