using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Cluster.Tests.Routing;

/// <summary>Where a request for slot 7 goes: the own log first, then what gossip tells.</summary>
public sealed class SlotRoutingTests
{
    private const int Slot = 7;
    private static readonly NodeId Self = new(1);
    private static readonly NodeId Another = new(2);
    private static readonly ShardId Own = new(5);
    private static readonly ShardId Other = new(6);
    private static readonly SlotRange[] WithSlot = [new SlotRange(0, 99, 3)];

    [Theory]
    [InlineData(SlotPhase.Owned, RouteKind.Here)]
    [InlineData(SlotPhase.Leaving, RouteKind.Here)]
    [InlineData(SlotPhase.Keeping, RouteKind.Here)]
    [InlineData(SlotPhase.Handed, RouteKind.Moving)]
    public void The_own_log_decides_whatever_gossip_tells(SlotPhase phase, RouteKind kind)
    {
        SlotMap told = Map(Node(Another, Other, NodeRole.Leader, WithSlot));
        Assert.Equal(kind, SlotRouting.Decide(Slot, Status(ReplicaRole.Follower), phase, told).Kind);
    }

    [Theory]
    [InlineData(SlotPhase.None)]
    [InlineData(SlotPhase.Importing)]
    public void A_follower_whose_log_is_behind_sends_to_its_own_shards_leader(SlotPhase phase)
    {
        SlotMap told = Map(Node(Self, Own, NodeRole.Follower), Node(Another, Own, NodeRole.Leader, WithSlot));
        SlotRoute route = SlotRouting.Decide(Slot, Status(ReplicaRole.Follower), phase, told);
        Assert.Equal((RouteKind.Elsewhere, Another), (route.Kind, route.Peer?.Node));
    }

    [Theory]
    [InlineData(SlotPhase.None)]
    [InlineData(SlotPhase.Importing)]
    public void At_the_leader_gossip_that_is_behind_its_log_means_that_the_slot_moves(SlotPhase phase)
    {
        SlotMap told = Map(Node(Self, Own, NodeRole.Leader, WithSlot));
        Assert.Equal(RouteKind.Moving, SlotRouting.Decide(Slot, Status(ReplicaRole.Leader), phase, told).Kind);
    }

    [Theory]
    [InlineData(ReplicaRole.Follower, SlotPhase.None)] // it led a moment ago, and gossip says so still
    [InlineData(ReplicaRole.Leader, null)]
    [InlineData(ReplicaRole.Outside, null)]
    public void A_node_never_sends_to_itself(ReplicaRole role, SlotPhase? phase)
    {
        SlotMap told = Map(Node(Self, Own, NodeRole.Leader, WithSlot));
        Assert.Equal(new SlotRoute(RouteKind.NoLeader, null, Own.ToString()), SlotRouting.Decide(Slot, Status(role), phase, told));
    }

    [Theory]
    [InlineData(true, RouteKind.NoLeader)]
    [InlineData(false, RouteKind.Unassigned)]
    public void A_node_that_waits_for_what_others_know_does_not_say_that_nobody_owns_the_slot(bool awaitsOthers, RouteKind kind) =>
        Assert.Equal(new SlotRoute(kind), SlotRouting.Decide(Slot, Status(ReplicaRole.Leader), SlotPhase.None, Map(Node(Self, Own, NodeRole.Leader)), awaitsOthers));

    [Fact]
    public void A_member_that_has_not_applied_its_shards_first_entries_does_not_say_that_nobody_owns_the_slot()
    {
        SlotMap nothing = Map();
        Assert.Equal(new SlotRoute(RouteKind.NoLeader), SlotRouting.Decide(Slot, Status(ReplicaRole.Follower), null, nothing));
        Assert.Equal(RouteKind.Unassigned, SlotRouting.Decide(Slot, Status(ReplicaRole.Follower), SlotPhase.None, nothing).Kind);
        Assert.Equal(RouteKind.Unassigned, SlotRouting.Decide(Slot, Status(ReplicaRole.Outside) with { Shard = default }, null, nothing).Kind);
        Assert.Equal(RouteKind.Moving, SlotRouting.Decide(Slot, Status(ReplicaRole.Leader), SlotPhase.Importing, nothing).Kind);
    }

    [Fact]
    public void Another_shards_slot_goes_to_its_leader_if_one_is_alive()
    {
        SlotMap led = Map(Node(Another, Other, NodeRole.Leader, WithSlot));
        Assert.Equal((RouteKind.Elsewhere, Another), (SlotRouting.Decide(Slot, Status(ReplicaRole.Leader), SlotPhase.None, led) is var route ? route.Kind : default, route.Peer?.Node));
        SlotMap dead = Map(Node(Another, Other, NodeRole.Leader, WithSlot) with { IsAlive = false });
        Assert.Equal(new SlotRoute(RouteKind.NoLeader, null, Other.ToString()), SlotRouting.Decide(Slot, Status(ReplicaRole.Leader), SlotPhase.None, dead));
        Assert.True(led.HasLeader && !dead.HasLeader);
    }

    /// <summary>A node whose data was lost goes on at the same address under another id; its old record is told for a quarter of an hour.</summary>
    [Fact]
    public void At_an_address_the_live_node_is_found_and_not_the_dead_one_that_was_there_before()
    {
        NodeView dead = Node(Self, Own, NodeRole.Leader) with { IsAlive = false };
        NodeView alive = Node(Another, Own, NodeRole.Leader);
        alive = alive with { Record = alive.Record with { ApiAddress = dead.Record.ApiAddress } };
        Assert.Equal(Another, new ClusterView(1, default, [dead, alive]).FindAt(dead.Record.ApiAddress)?.Record.Node);
        Assert.Equal(Self, new ClusterView(1, default, [dead]).FindAt(dead.Record.ApiAddress)?.Record.Node);
        Assert.Null(new ClusterView(1, default, [dead]).FindAt("elsewhere:1"));
    }

    private static SlotMap Map(params NodeView[] nodes) => new(new ClusterView(1, default, nodes));

    private static NodeView Node(NodeId node, ShardId shard, NodeRole role, params SlotRange[] slots) => new(
        new NodeRecord { Node = node, Shard = shard, Role = role, Term = 1, Slots = slots, ApiAddress = $"api-{node}:1", ClusterAddress = $"cluster-{node}:1" },
        null, IsAlive: true, default);

    private static ReplicaStatus Status(ReplicaRole role) => new()
    {
        Node = Self, Shard = Own, Cluster = new ClusterId(3), Role = role, Term = 4, Leader = default, LeaderApi = null, IsLeaderHeard = false, Members = [],
        FirstIndex = 1, LastIndex = 9, DurableIndex = 9, CommitIndex = 9, AppliedIndex = 9, ShardCommitIndex = 9, ShardCommitIndexSecondAgo = 9, HasCaughtUp = true,
        IsLoading = false, SnapshotIndex = 0, Revision = 1, KeyCount = 0, StoreBytes = 0, MaxStoreBytes = 1, Checksum = 0, ChecksumIndex = 0, QueuedRequests = 0,
        Alarms = [], MayServe = true, HasRoomForSlots = true,
    };
}
