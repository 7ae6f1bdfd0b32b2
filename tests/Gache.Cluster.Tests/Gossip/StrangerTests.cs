using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>P9: whatever gossip says moves nothing; and what one node says of another does not last.</summary>
public sealed class StrangerTests
{
    private static readonly SlotRange AllSlots = new(0, Store.Slot.Count - 1, ulong.MaxValue);

    [Fact]
    public void A_stranger_that_gossips_ownership_of_all_slots_changes_no_record_but_its_own()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        world.Run(TimeSpan.FromSeconds(1));
        NodeRecord[] before = [.. nodes[0].Gossip.View.Nodes.Select(node => node.Record)];
        var stranger = new Stranger(world);
        stranger.Tell(nodes[0], Stranger.RecordOf(stranger.Record(AllSlots)));
        world.Run(TimeSpan.FromSeconds(5));
        foreach (GossipMachine node in nodes)
        {
            Assert.Equal(before, node.Gossip.View.Nodes.Select(one => one.Record).Where(record => record.Node != stranger.Node));
            Assert.False(node.Gossip.View.Find(stranger.Node)!.IsAlive); // nobody heard its heart beat
            Assert.Empty(node.Alarms);
        }
    }

    [Fact]
    public void What_a_stranger_says_of_another_node_is_overruled_by_that_node()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        var stranger = new Stranger(world);
        NodeRecord real = nodes[4].Gossip.Own;
        stranger.Tell(nodes[0], Stranger.RecordOf(real with { Version = real.Version + 5, Slots = [AllSlots], ApiAddress = "10.66.6.6:8001" }));
        world.Run(TimeSpan.FromSeconds(2));
        Assert.All(nodes, node => Assert.True(node.View(nodes[4])!.Record.Says(real)));
        Assert.All(nodes, node => Assert.True(node.Sees(nodes)));
    }

    [Fact]
    public void A_record_is_replaced_only_by_a_later_one()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        NodeRecord real = nodes[2].Gossip.Own;
        var stranger = new Stranger(world);
        NodeRecord lie = real with { Term = 99 };
        stranger.Tell(nodes[0], Stranger.RecordOf(lie), Stranger.RecordOf(lie with { Generation = real.Generation - 1, Version = real.Version + 1 }));
        Assert.Equal(real, nodes[0].View(nodes[2])!.Record);
    }

    [Fact]
    public void A_heartbeat_or_a_load_that_is_too_high_is_mended_by_its_node()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        foreach (GossipMachine node in nodes) node.Gossip.UpdateLoad(new LoadRecord(1, 2, 3, 4, true));
        world.Run(TimeSpan.FromSeconds(6));
        NodeRecord real = nodes[4].Gossip.Own;
        var stranger = new Stranger(world);
        stranger.Tell(nodes[0], [Stranger.RecordOf(real, beat: 1UL << 50)], [new LoadEntry(real.Node, real.Generation, 1UL << 50, new LoadRecord(9, 9, 9, 9, false))]);
        world.Run(TimeSpan.FromSeconds(10));
        Assert.True(nodes.All(node => node.Sees(nodes)));
        Assert.All(nodes, node => Assert.Equal(3ul, node.View(nodes[4])!.Load!.CommitIndex));
    }

    [Fact]
    public void An_invented_crowd_is_bounded_and_makes_room_for_who_is_real()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        var stranger = new Stranger(world);
        for (int i = 0; i < 3; i++)
        {
            stranger.Tell(nodes[0], [.. Enumerable.Range(0, 1_000).Select(_ => Stranger.RecordOf(stranger.Record() with { Node = NodeId.New(world.Random) }))]);
        }

        Assert.Equal(GossipLimits.MaxNodes, nodes[0].Gossip.View.Nodes.Count);
        GossipMachine late = world.Add(nodes[0]);
        late.Start();
        world.RunUntil(() => nodes[0].IsAliveHere(late) && late.Sees(nodes), TimeSpan.FromSeconds(5));
        Assert.True(nodes.All(node => node.Sees(nodes)));
    }

    [Fact]
    public void Slot_ranges_are_bounded_over_all_records_together()
    {
        var world = new GossipWorld();
        GossipMachine node = world.Add();
        node.Start();
        var stranger = new Stranger(world);
        SlotRange[] single = [.. Enumerable.Range(0, Store.Slot.Count).Select(slot => new SlotRange(slot, slot, 1))];
        for (int i = 0; i < 40; i++) stranger.Tell(node, Stranger.RecordOf(stranger.Record(single) with { Node = NodeId.New(world.Random) }));
        Assert.InRange(node.Gossip.View.Nodes.Sum(one => one.Record.Slots.Count), Store.Slot.Count, GossipLimits.MaxSlotRangesHeld);
    }

    [Fact]
    public void A_record_with_an_address_that_is_none_or_slots_that_overlap_never_enters()
    {
        var world = new GossipWorld();
        GossipMachine node = world.Add();
        node.Start();
        var stranger = new Stranger(world);
        foreach (string address in new[] { "", "host", "host:0", "host:65536", "ho st:1", "host:1\r\nX: y", "http://host:1", "[::1:1", ":1", new string('a', 260) + ":1" })
        {
            stranger.Tell(node, Stranger.RecordOf(stranger.Record() with { ApiAddress = address }));
            stranger.Tell(node, Stranger.RecordOf(stranger.Record() with { ClusterAddress = address }));
        }

        stranger.Tell(node, Stranger.RecordOf(stranger.Record(new SlotRange(0, 16_384, 1))));
        Assert.Null(node.Gossip.View.Find(stranger.Node));
        stranger.Tell(node, Stranger.RecordOf(stranger.Record() with { ApiAddress = "[fe80::1%eth0]:8001" }));
        Assert.NotNull(node.Gossip.View.Find(stranger.Node));
    }
}
