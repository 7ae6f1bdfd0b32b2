using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>What a node says of itself to all others; written by its owner and replaced whole. Only ever a hint.</summary>
public sealed record NodeRecord
{
    /// <summary>Whose record it is.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The owner's present life: milliseconds since 1970 at its start, and above all it had before. Set by gossip.</summary>
    public ulong Generation { get; init; }

    /// <summary>Rises with each change within a generation. Set by gossip.</summary>
    public ulong Version { get; init; }

    /// <summary>The cluster it belongs to; none while it seeks one.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>The shard it belongs to; none for a node that only routes, or does not belong to one yet.</summary>
    public ShardId Shard { get; init; }

    /// <summary>Whether its shard founded the cluster: the one that grants slots to new shards.</summary>
    public bool IsFoundingShard { get; init; }

    /// <summary>Where clients reach it, <c>host:port</c>.</summary>
    public required string ApiAddress { get; init; }

    /// <summary>Where its shard's members reach it, <c>host:port</c>; empty for a shard of one without a raft port.</summary>
    public string RaftAddress { get; init; } = "";

    /// <summary>Where other nodes gossip with it, <c>host:port</c>.</summary>
    public required string ClusterAddress { get; init; }

    /// <summary>What it is in its shard.</summary>
    public NodeRole Role { get; init; }

    /// <summary>The term in which it is that.</summary>
    public ulong Term { get; init; }

    /// <summary>The slots that its applied state serves, ascending, none twice.</summary>
    public IReadOnlyList<SlotRange> Slots { get; init; } = [];

    /// <summary>Whether this record comes after another of the same node.</summary>
    public bool IsNewerThan(NodeRecord other) => (Generation, Version).CompareTo((other.Generation, other.Version)) > 0;

    /// <summary>Whether it is within the bounds that every node checks before it believes a record.</summary>
    public bool IsValid =>
        !Node.IsNone && Generation < GossipLimits.MaxCounter && Version < GossipLimits.MaxCounter && Role <= NodeRole.Leader
        && AdvertisedAddress.IsValid(ApiAddress) && AdvertisedAddress.IsValid(ClusterAddress)
        && (RaftAddress.Length == 0 || AdvertisedAddress.IsValid(RaftAddress)) && AreSlotsValid(Slots);

    /// <inheritdoc/>
    public bool Equals(NodeRecord? other) =>
        other is not null && Node == other.Node && Generation == other.Generation && Version == other.Version && Says(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Node, Generation, Version);

    /// <summary>Whether both say the same, whatever their generation and version.</summary>
    internal bool Says(NodeRecord other) =>
        Cluster == other.Cluster && Shard == other.Shard && IsFoundingShard == other.IsFoundingShard
        && ApiAddress == other.ApiAddress && RaftAddress == other.RaftAddress && ClusterAddress == other.ClusterAddress
        && Role == other.Role && Term == other.Term && Slots.SequenceEqual(other.Slots);

    private static bool AreSlotsValid(IReadOnlyList<SlotRange> slots)
    {
        int next = 0;
        foreach (SlotRange range in slots)
        {
            if (range.First < next || range.Last < range.First || range.Last >= Store.Slot.Count) return false;
            next = range.Last + 1;
        }

        return true;
    }
}
