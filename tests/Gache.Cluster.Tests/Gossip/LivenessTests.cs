using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class LivenessTests
{
    [Theory]
    [InlineData(0.7)]
    [InlineData(30)]
    [InlineData(1200)]
    public void A_node_that_was_paused_judges_nobody(double seconds)
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(9);
        world.Run(TimeSpan.FromSeconds(5));
        nodes[3].Turns.Clear();
        nodes[3].Process.Pause();
        world.Run(TimeSpan.FromSeconds(seconds));
        nodes[3].Process.Resume(world.Random);
        world.Run(TimeSpan.FromSeconds(20));
        Assert.Empty(nodes[3].Turns);
        Assert.Equal(nodes.Length, nodes[3].Gossip.View.Nodes.Count);
        Assert.True(nodes.All(node => node.Sees(nodes)));
    }

    [Fact]
    public void A_paused_node_is_unreachable_to_the_others_and_alive_again_right_after()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        nodes[0].Process.Pause();
        world.RunUntil(() => nodes[1..].All(node => !node.IsAliveHere(nodes[0])), TimeSpan.FromSeconds(6));
        nodes[0].Process.Resume();
        world.RunUntil(() => nodes[1..].All(node => node.IsAliveHere(nodes[0])), TimeSpan.FromSeconds(1));
        Assert.All(nodes, node => Assert.Empty(node.Alarms));
    }

    [Fact]
    public void A_machine_that_is_always_late_still_sees_a_death()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        nodes[0].Process.Pause();
        int slices = 0;
        nodes[1].Kill();
        world.RunUntil(
            () =>
            {
                if (slices++ % 60 == 0) nodes[0].Process.Resume(); // 10 ms awake in every 600
                else nodes[0].Process.Pause();
                return !nodes[0].IsAliveHere(nodes[1]);
            },
            TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Nobody_is_suspected_on_a_network_that_loses_a_fifth_and_delays_and_reorders()
    {
        var world = new GossipWorld { Loss = 0.2, MostDelay = TimeSpan.FromMilliseconds(400) };
        GossipMachine[] nodes = world.Form(30);
        world.Run(TimeSpan.FromSeconds(5));
        foreach (GossipMachine node in nodes) node.Turns.Clear();
        world.Run(TimeSpan.FromMinutes(2));
        Assert.All(nodes, node => Assert.Empty(node.Turns));
        nodes[7].Gossip.Update(nodes[7].Gossip.Own with { Term = 9 });
        world.RunUntil(() => nodes.All(node => node.View(nodes[7])!.Record.Term == 9), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(3600)] // longer than any record lives: both sides find the other by their peers alone
    public void Both_sides_of_a_partition_find_each_other_again(int seconds)
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(8);
        foreach (GossipMachine node in nodes) node.Seeds.Clear();
        world.Run(TimeSpan.FromSeconds(2));
        HashSet<GossipMachine> left = [.. nodes[..4]];
        world.IsConnected = (a, b) => left.Contains(a) == left.Contains(b);
        world.Run(TimeSpan.FromSeconds(seconds));
        Assert.All(nodes, node => Assert.Equal(3, node.Others.Count(other => other.IsAlive)));
        world.IsConnected = (_, _) => true;
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void A_node_that_can_only_call_and_not_be_called_is_alive_to_all()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        world.IsConnected = (a, b) => b != nodes[4] || a == nodes[4];
        world.Run(TimeSpan.FromSeconds(20));
        Assert.True(nodes.All(node => node.Sees(nodes)));
    }

    [Fact]
    public void Clocks_that_differ_and_drift_cost_bytes_and_nothing_else()
    {
        var world = new GossipWorld();
        GossipMachine first = world.Add();
        for (int i = 0; i < 9; i++) world.Add(first);
        foreach (GossipMachine machine in world.Machines)
        {
            machine.Clock.SetDrift(world.Random.Next(-100_000, 100_000));
            machine.Clock.SetWallClock(TimeSpan.FromDays(world.Random.Next(-20_000, 20_000)));
            machine.Start();
        }

        world.RunUntil(() => world.Machines.All(machine => machine.Sees(world.Machines)), TimeSpan.FromSeconds(5));
        foreach (GossipMachine machine in world.Machines) machine.Turns.Clear();
        for (int i = 0; i < 60; i++)
        {
            world.Random.Pick(world.Machines).Clock.SetWallClock(TimeSpan.FromDays(world.Random.Next(-300, 300)));
            world.Run(TimeSpan.FromSeconds(1));
        }

        Assert.All(world.Machines, machine => Assert.Empty(machine.Turns));
        Assert.All(world.Machines, machine => Assert.Empty(machine.Alarms));
    }
}
