using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class GenerationTests
{
    [Fact]
    public void A_generation_is_above_the_saved_one_also_when_the_clock_went_back_and_is_saved_before_anybody_can_hear_of_it()
    {
        var world = new GossipWorld();
        GossipMachine node = world.Add();
        node.Start();
        ulong first = node.Gossip.Own.Generation;
        Assert.Equal(first, node.Disk.Generation);
        node.Kill();
        node.Clock.SetWallClock(TimeSpan.FromDays(-3650));
        node.Start();
        Assert.Equal(first + 1, node.Gossip.Own.Generation);
        Assert.Equal(first + 1, node.Disk.Generation);
    }

    [Fact]
    public void A_restarted_node_replaces_its_record_of_the_life_before()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(4);
        nodes[3].Gossip.Update(nodes[3].Gossip.Own with { Role = NodeRole.Leader, Term = 77 });
        world.Run(TimeSpan.FromSeconds(1));
        nodes[3].Kill();
        world.Run(TimeSpan.FromSeconds(0.2));
        nodes[3].Start();
        world.RunUntil(() => nodes.All(node => node.View(nodes[3]) is { IsAlive: true, Record.Term: 1 }), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_node_whose_saved_generation_is_lost_goes_above_what_others_know_and_announces_itself_again()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(4);
        ulong before = nodes[3].Gossip.Own.Generation;
        nodes[3].Kill();
        nodes[3].Disk = new MemoryPeerStore();
        nodes[3].Clock.SetWallClock(TimeSpan.FromDays(-3650));
        world.Run(TimeSpan.FromSeconds(10));
        nodes[3].Start();
        Assert.True(nodes[3].Gossip.Own.Generation < before);
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(3));
        Assert.True(nodes[3].Gossip.Own.Generation > before);
        Assert.Equal(nodes[3].Disk.Generation, nodes[3].Gossip.Own.Generation);
        Assert.Empty(nodes[3].Alarms);
    }

    [Fact]
    public void Two_live_instances_of_one_id_are_an_alarm_at_both()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(4);
        GossipMachine copy = world.Add(nodes[0]);
        (copy.Node, copy.Disk) = (nodes[3].Node, nodes[3].Disk.Copy());
        copy.Start();
        world.RunUntil(
            () => new[] { nodes[3], copy }.All(node => node.Alarms.Exists(alarm => alarm.Kind == GossipAlarmKind.AnotherInstance)), TimeSpan.FromSeconds(10));
        Assert.Contains(nodes[3].Node.ToString(), copy.Alarms[0].Detail, StringComparison.Ordinal);
        world.Run(TimeSpan.FromMinutes(1));
        Assert.True(copy.Alarms.Count <= 2, "said once a minute");
        Assert.All(nodes[..3], node => Assert.True(node.Sees(nodes[..3])));
    }

    [Fact]
    public void A_generation_that_cannot_be_saved_is_not_taken_and_the_old_life_goes_on()
    {
        var world = new GossipWorld();
        GossipMachine node = world.Add();
        node.Start();
        ulong before = node.Gossip.Own.Generation;
        var stranger = new Stranger(world);
        node.Disk.IsFailing = true;
        stranger.Tell(node, Stranger.RecordOf(node.Gossip.Own with { Generation = before + 10 }));
        world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(before, node.Gossip.Own.Generation);
        Assert.Equal(GossipAlarmKind.GenerationNotSaved, Assert.Single(node.Alarms).Kind);
        node.Disk.IsFailing = false;
        stranger.Tell(node, Stranger.RecordOf(node.Gossip.Own with { Generation = before + 10 }));
        world.Run(TimeSpan.FromSeconds(3));
        Assert.True(node.Gossip.Own.Generation > before + 10);
    }
}
