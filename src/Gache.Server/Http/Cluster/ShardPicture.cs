using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Cluster;

/// <summary>One shard for <c>/cluster</c>: of the own shard what the replica knows, of the others what gossip tells.</summary>
internal sealed record ShardPicture
{
    /// <summary>Its id.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>Its cluster.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>Where clients reach it: its leader, or a member where none is known.</summary>
    public required string ApiAddress { get; init; }

    /// <summary>The raft address of the same node; empty if it has none.</summary>
    public required string RaftAddress { get; init; }

    /// <summary>The leader's API address; empty if none is known.</summary>
    public required string LeaderApi { get; init; }

    /// <summary>Its term.</summary>
    public required ulong Term { get; init; }

    /// <summary>Its slots.</summary>
    public required IReadOnlyList<SlotRange> Slots { get; init; }

    /// <summary>Its members.</summary>
    public required IReadOnlyList<MemberPicture> Members { get; init; }

    /// <summary>All shards, by their first slot.</summary>
    public static IEnumerable<ShardPicture> All(ReplicaStatus? status, ClusterNode? cluster, string ownApi)
    {
        var all = new List<ShardPicture>();
        SlotMap? map = cluster?.Map;
        if (status is { Shard.IsNone: false }) all.Add(Own(status, cluster, map, ownApi));
        foreach (ShardId shard in map?.Shards ?? [])
        {
            if (shard != status?.Shard) all.Add(Other(shard, cluster!.View, map!));
        }

        return all.OrderBy(shard => shard.Slots.Count > 0 ? shard.Slots[0].First : Slot.Count);
    }

    private static ShardPicture Own(ReplicaStatus status, ClusterNode? cluster, SlotMap? map, string ownApi)
    {
        // The shard is reached at its leader; without one, at the node that was asked.
        MemberStatus? known = status.Members.FirstOrDefault(member => member.Node == status.Leader)
            ?? status.Members.FirstOrDefault(member => member.Node == status.Node);
        return new ShardPicture
        {
            Shard = status.Shard,
            Cluster = status.Cluster,
            ApiAddress = status.LeaderApi ?? known?.ApiAddress ?? ownApi,
            RaftAddress = known?.RaftAddress ?? "",
            LeaderApi = status.LeaderApi ?? "",
            Term = status.Term,
            Slots = map?.SlotsOf(status.Shard) ?? [new SlotRange(0, Slot.Count - 1, status.SlotEpoch)],
            Members = [.. status.Members.Select(member => MemberPicture.Of(member, cluster?.View.Find(member.Node)))],
        };
    }

    private static ShardPicture Other(ShardId shard, ClusterView view, SlotMap map)
    {
        // A dead node where a live one is was that one's earlier self (a wiped folder, a recovery): gossip forgets it after a while.
        HashSet<string> taken = [.. view.Nodes.Where(node => node.IsAlive).Select(node => node.Record.ClusterAddress)];
        NodeView[] nodes = [.. view.Nodes.Where(node => node.Record.Shard == shard && (node.IsAlive || !taken.Contains(node.Record.ClusterAddress)))];
        ClusterPeer? leader = map.LeaderOf(shard);
        NodeView? shown = nodes.FirstOrDefault(node => node.Record.Node == leader?.Node) ?? nodes.FirstOrDefault(node => node.IsAlive) ?? nodes.FirstOrDefault();
        ulong committed = nodes.Select(node => node.Load?.CommitIndex ?? 0).DefaultIfEmpty().Max();
        return new ShardPicture
        {
            Shard = shard,
            Cluster = shown?.Record.Cluster ?? default,
            ApiAddress = shown?.Record.ApiAddress ?? "",
            RaftAddress = shown?.Record.RaftAddress ?? "",
            LeaderApi = leader?.ApiAddress ?? "",
            Term = nodes.Select(node => node.Record.Term).DefaultIfEmpty().Max(),
            Slots = map.SlotsOf(shard),
            Members = [.. nodes.Select(node => MemberPicture.Of(node, leader, committed))],
        };
    }
}

/// <summary>One member of a shard for <c>/cluster</c>.</summary>
/// <param name="Node">Its id.</param>
/// <param name="RaftAddress">Its raft address.</param>
/// <param name="ApiAddress">Its API address.</param>
/// <param name="ClusterAddress">Its cluster address; empty if it has none.</param>
/// <param name="Role"><c>leader</c>, <c>voter</c> or <c>learner</c>.</param>
/// <param name="LagEntries">How many entries it is behind; null if that is not known here.</param>
/// <param name="IsReachable">Whether it was heard of late; null if that is not known here.</param>
internal sealed record MemberPicture(
    NodeId Node, string RaftAddress, string ApiAddress, string ClusterAddress, string Role, ulong? LagEntries, bool? IsReachable)
{
    /// <summary>A member of the own shard.</summary>
    public static MemberPicture Of(MemberStatus member, NodeView? gossip) => new(
        member.Node, member.RaftAddress, member.ApiAddress, gossip?.Record.ClusterAddress ?? "", member.Role, member.LagEntries, member.IsReachable ?? gossip?.IsAlive);

    /// <summary>A member of another shard.</summary>
    public static MemberPicture Of(NodeView node, ClusterPeer? leader, ulong committed) => new(
        node.Record.Node,
        node.Record.RaftAddress,
        node.Record.ApiAddress,
        node.Record.ClusterAddress,
        node.Record.Node == leader?.Node ? "leader" : node.Record.Role is NodeRole.Learner or NodeRole.Outside ? "learner" : "voter",
        node.Load is { } load ? committed - Math.Min(committed, load.AppliedIndex) : null,
        node.IsAlive);
}
