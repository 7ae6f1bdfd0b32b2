namespace Gache.Cluster;

/// <summary>Where a request for a slot belongs.</summary>
public enum RouteKind
{
    /// <summary>This node's shard serves the slot.</summary>
    Here,

    /// <summary>Another node does, a shard's leader: <see cref="SlotRoute.Peer"/>. Never this one.</summary>
    Elsewhere,

    /// <summary>It is between two shards: nobody serves it for a moment.</summary>
    Moving,

    /// <summary>No shard is known to own it.</summary>
    Unassigned,

    /// <summary>A shard owns it of which no live leader is known; or who owns it is not known yet: this node's own shard may, whose log it has
    /// not applied so far, or another, as no other node has told anything since this one started.</summary>
    NoLeader,
}

/// <summary>Where a request belongs. A hint: whoever gets it decides by its own log.</summary>
/// <param name="Kind">In short.</param>
/// <param name="Peer">The owner's leader, if it is elsewhere.</param>
/// <param name="Shard">The owner as text, where one is known; for people.</param>
public readonly record struct SlotRoute(RouteKind Kind, ClusterPeer? Peer = null, string? Shard = null);
