using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class DeadRecordsTests
{
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(2);

    [Fact]
    public void A_dead_record_leaves_all_nodes_at_once_and_never_comes_back_also_where_it_was_learnt_late()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = Form(world, 6);
        nodes[5].Kill();
        GossipMachine[] rest = nodes[..5];
        foreach (GossipMachine node in rest) node.Turns.Clear();
        List<GossipMachine> all = [.. rest];
        TimeSpan died = world.Scheduler.Now;
        for (int second = 0; second < 110; second += 5)
        {
            world.Run(TimeSpan.FromSeconds(5));
            if (second % 25 != 0) continue;
            GossipMachine late = world.Add(rest[0]); // the last ones come when it is not told on any more
            late.KeepDeadFor = Keep;
            late.Start();
            all.Add(late);
        }

        world.RunUntil(() => all.TrueForAll(node => node.View(nodes[5]) is null), Keep - (world.Scheduler.Now - died) + TimeSpan.FromSeconds(5));
        for (int second = 0; second < 300; second++)
        {
            world.Run(TimeSpan.FromSeconds(1));
            Assert.All(all, node => Assert.Null(node.View(nodes[5])));
        }

        Assert.All(all, node => Assert.DoesNotContain((nodes[5].Node, true), node.Turns));
    }

    [Fact]
    public void A_node_that_is_back_after_its_record_was_dropped_is_alive_again()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = Form(world, 4);
        nodes[3].Process.Pause(); // not restarted: its generation is the old one
        world.Run(Keep + TimeSpan.FromSeconds(20));
        Assert.All(nodes[..3], node => Assert.Null(node.View(nodes[3])));
        nodes[3].Process.Resume();
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void A_forgotten_node_goes_everywhere_and_is_not_tried_any_more()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = Form(world, 6);
        world.Run(TimeSpan.FromSeconds(2));
        nodes[5].Kill();
        world.RunUntil(() => nodes[..5].All(node => !node.IsAliveHere(nodes[5])), TimeSpan.FromSeconds(6));
        Assert.Equal(ForgetOutcome.IsAlive, nodes[0].Gossip.Forget(nodes[1].Node));
        Assert.Equal(ForgetOutcome.IsAlive, nodes[0].Gossip.Forget(nodes[0].Node));
        Assert.Equal(ForgetOutcome.Forgotten, nodes[0].Gossip.Forget(nodes[5].Node));
        Assert.Equal(ForgetOutcome.Unknown, nodes[0].Gossip.Forget(nodes[5].Node));
        world.RunUntil(() => nodes[..5].All(node => node.View(nodes[5]) is null), TimeSpan.FromSeconds(1));
        Assert.All(nodes[..5], node => Assert.DoesNotContain(node.Disk.Peers, peer => peer.Node == nodes[5].Node));
        world.Run(Keep * 3);
        Assert.All(nodes[..5], node => Assert.Null(node.View(nodes[5])));
        nodes[5].Start();
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_node_that_was_away_when_another_was_forgotten_does_not_bring_it_back()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = Form(world, 5);
        nodes[4].Kill();
        world.Run(TimeSpan.FromSeconds(6));
        world.IsConnected = (a, b) => a != nodes[3] && b != nodes[3];
        world.Run(TimeSpan.FromSeconds(6));
        nodes[0].Gossip.Forget(nodes[4].Node);
        world.Run(TimeSpan.FromSeconds(6));
        Assert.NotNull(nodes[3].View(nodes[4]));
        world.IsConnected = (_, _) => true;
        world.RunUntil(() => nodes[3].View(nodes[4]) is null, TimeSpan.FromSeconds(3));
        Assert.All(nodes[..4], node => Assert.Null(node.View(nodes[4])));
    }

    [Fact]
    public void A_node_forgotten_while_it_was_paused_speaks_against_it_and_is_back()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = Form(world, 4);
        ulong before = nodes[3].Gossip.Own.Generation;
        nodes[3].Process.Pause();
        world.Run(TimeSpan.FromSeconds(6));
        nodes[0].Gossip.Forget(nodes[3].Node);
        world.Run(TimeSpan.FromSeconds(2));
        nodes[3].Process.Resume();
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(3));
        Assert.True(nodes[3].Gossip.Own.Generation > before);
        Assert.Empty(nodes[3].Alarms);
    }

    private static GossipMachine[] Form(GossipWorld world, int count)
    {
        GossipMachine first = world.Add();
        for (int i = 1; i < count; i++) world.Add(first);
        foreach (GossipMachine machine in world.Machines)
        {
            machine.KeepDeadFor = Keep;
            machine.Start();
        }

        world.RunUntil(() => world.Machines.TrueForAll(machine => machine.Sees(world.Machines)), TimeSpan.FromSeconds(5));
        return [.. world.Machines];
    }
}
