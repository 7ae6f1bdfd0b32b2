using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class ClustersTests
{
    [Fact]
    public void Two_clusters_that_meet_refuse_each_other_by_name_and_take_nothing()
    {
        var world = new GossipWorld();
        GossipMachine[] ours = world.Form(3);
        var otherId = ClusterId.New(world.Random);
        GossipMachine other = world.Add(otherId, ours[0]), second = world.Add(otherId, other);
        other.Start();
        second.Start();
        world.Run(TimeSpan.FromSeconds(20));
        Assert.All(ours, node => Assert.Equal(3, node.Gossip.View.Nodes.Count));
        Assert.Equal(2, other.Gossip.View.Nodes.Count);
        GossipAlarm alarm = Assert.Single(ours[0].Alarms);
        Assert.Equal(GossipAlarmKind.AnotherCluster, alarm.Kind);
        Assert.Contains(otherId.ToString(), alarm.Detail, StringComparison.Ordinal);
        Assert.Contains(world.Cluster.ToString(), alarm.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_seeks_a_cluster_keeps_to_the_first_it_hears_of()
    {
        var world = new GossipWorld();
        GossipMachine[] ours = world.Form(3);
        var otherId = ClusterId.New(world.Random);
        GossipMachine other = world.Add(otherId);
        other.Start();
        GossipMachine seeker = world.Add(default(ClusterId), ours[0]);
        seeker.Start();
        world.RunUntil(() => seeker.Sees(ours), TimeSpan.FromSeconds(3));
        Assert.Equal(world.Cluster, seeker.Gossip.View.Cluster);
        Assert.True(ours[2].Gossip.View.Find(seeker.Node)!.Record.Cluster.IsNone);

        var stranger = new Stranger(world) { Cluster = otherId };
        Assert.Null(stranger.Tell(seeker, Stranger.RecordOf(stranger.Record())));
        Assert.Null(seeker.Gossip.View.Find(stranger.Node));

        seeker.Cluster = world.Cluster;
        seeker.Gossip.Update(seeker.Gossip.Own with { Cluster = world.Cluster });
        world.RunUntil(() => ours.All(node => node.View(seeker)!.Record.Cluster == world.Cluster), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Nodes_that_seek_a_cluster_know_each_other_before_there_is_one()
    {
        var world = new GossipWorld();
        GossipMachine first = world.Add(default(ClusterId)), second = world.Add(default(ClusterId), first);
        first.Start();
        second.Start();
        world.RunUntil(() => first.IsAliveHere(second) && second.IsAliveHere(first), TimeSpan.FromSeconds(3));
        first.Cluster = world.Cluster;
        first.Gossip.Update(first.Gossip.Own with { Cluster = world.Cluster });
        world.RunUntil(() => second.Gossip.View.Cluster == world.Cluster, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Who_enters_another_cluster_than_the_one_heard_of_drops_its_records()
    {
        var world = new GossipWorld();
        GossipMachine[] ours = world.Form(3);
        GossipMachine seeker = world.Add(default(ClusterId), ours[0]);
        seeker.Start();
        world.RunUntil(() => seeker.Sees(ours), TimeSpan.FromSeconds(3));
        var otherId = ClusterId.New(world.Random);
        seeker.Gossip.Update(seeker.Gossip.Own with { Cluster = otherId });
        Assert.Single(seeker.Gossip.View.Nodes);
        Assert.Equal(otherId, seeker.Gossip.View.Cluster);
    }

    [Fact]
    public void A_record_that_names_another_cluster_never_enters_whoever_brings_it()
    {
        var world = new GossipWorld();
        GossipMachine node = world.Add();
        node.Start();
        var stranger = new Stranger(world);
        Assert.NotNull(stranger.Tell(node, Stranger.RecordOf(stranger.Record() with { Cluster = ClusterId.New(world.Random) })));
        Assert.Null(node.Gossip.View.Find(stranger.Node));
    }
}
