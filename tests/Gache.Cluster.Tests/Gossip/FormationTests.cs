using CsCheck;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class FormationTests
{
    [Fact]
    public void Nine_nodes_that_name_one_another_in_any_chain_and_start_in_any_order_find_all() =>
        Gen.ULong.Sample(
            seed =>
            {
                var world = new GossipWorld(seed);
                List<GossipMachine> order = [];
                for (int i = 0; i < 9; i++) order.Add(i == 0 ? world.Add() : world.Add(world.Random.Pick(world.Machines)));
                world.Random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(order));
                foreach (GossipMachine machine in order)
                {
                    machine.Start();
                    world.Run(world.Random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)));
                }

                world.RunUntil(() => world.Machines.All(machine => machine.Sees(world.Machines)), TimeSpan.FromSeconds(5));
            },
            iter: 30, threads: 1);

    [Fact]
    public void A_node_is_not_alive_by_first_sight_but_by_a_heartbeat_that_has_risen()
    {
        var world = new GossipWorld();
        GossipMachine first = world.Add(), second = world.Add(first);
        first.Start();
        world.Run(TimeSpan.FromSeconds(1));
        second.Start();
        world.RunUntil(() => first.View(second) is not null, TimeSpan.FromSeconds(1));
        Assert.False(first.IsAliveHere(second));
        world.RunUntil(() => first.IsAliveHere(second), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_node_that_comes_after_a_death_never_takes_the_dead_one_for_alive()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        nodes[4].Kill();
        world.Run(TimeSpan.FromSeconds(10));
        GossipMachine late = world.Add(nodes[0]);
        late.Start();
        world.RunUntil(() => late.Sees(nodes[..4]) && late.View(nodes[4]) is not null, TimeSpan.FromSeconds(3));
        world.Run(TimeSpan.FromSeconds(10));
        Assert.False(late.IsAliveHere(nodes[4]));
        Assert.DoesNotContain((nodes[4].Node, true), late.Turns);
    }

    [Fact]
    public void A_first_node_restarted_without_members_finds_its_cluster_by_its_peers_file()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        Assert.Empty(nodes[0].Seeds);
        world.Run(TimeSpan.FromSeconds(2));
        foreach (GossipMachine node in nodes) node.Kill();
        foreach (GossipMachine node in nodes) node.Clock.SetWallClock(TimeSpan.FromDays(60)); // switched off for long: what counts is who was there at the end
        foreach (GossipMachine node in nodes[1..])
        {
            node.Seeds.Clear();
            node.Start();
        }

        world.Run(TimeSpan.FromMinutes(1));
        nodes[0].Start();
        world.RunUntil(() => nodes.All(node => node.Sees(nodes)), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_node_that_has_started_awaits_the_others_until_it_has_heard_of_all()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        world.Run(TimeSpan.FromSeconds(2));
        foreach (GossipMachine node in nodes) node.Kill();
        foreach (GossipMachine node in nodes[..2]) node.Start();
        world.Run(TimeSpan.FromSeconds(1));
        Assert.NotNull(nodes[0].View(nodes[1]));
        Assert.True(nodes[0].Gossip.AwaitsOthers); // the other knows no more than this one
        nodes[2].Start();
        world.RunUntil(() => nodes.All(node => !node.Gossip.AwaitsOthers), TimeSpan.FromSeconds(3));
        Assert.All(nodes, node => Assert.NotNull(nodes[0].View(node)));
    }

    [Fact]
    public void A_node_awaits_nobody_for_long_and_one_that_knows_of_nobody_not_at_all()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(2);
        world.Run(TimeSpan.FromSeconds(2));
        foreach (GossipMachine node in nodes) node.Kill();
        nodes[0].Start();
        Assert.True(nodes[0].Gossip.AwaitsOthers);
        world.RunUntil(() => !nodes[0].Gossip.AwaitsOthers, TimeSpan.FromSeconds(6));

        GossipMachine alone = new GossipWorld().Add();
        alone.Start();
        Assert.False(alone.Gossip.AwaitsOthers);
    }

    [Fact]
    public void A_seed_that_is_not_there_yet_is_tried_for_ever()
    {
        var world = new GossipWorld();
        GossipMachine seed = world.Add(), node = world.Add(seed);
        node.Start();
        world.Run(TimeSpan.FromHours(1));
        seed.Start();
        world.RunUntil(() => node.IsAliveHere(seed) && seed.IsAliveHere(node), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_node_among_its_own_seeds_finds_out_and_goes_on()
    {
        var world = new GossipWorld();
        GossipMachine first = world.Add(), second = world.Add(first);
        first.Seeds.AddRange([first.Address, second.Address]);
        second.Seeds.Add(second.Address);
        first.Start();
        second.Start();
        world.RunUntil(() => first.IsAliveHere(second) && second.IsAliveHere(first), TimeSpan.FromSeconds(2));
        Assert.Empty(first.Alarms);
        Assert.Empty(second.Alarms);
    }

    [Fact]
    public void A_seed_that_led_to_the_node_itself_leads_to_another_one_later_and_they_meet()
    {
        var world = new GossipWorld();
        GossipMachine first = world.Add(), second = world.Add();
        const string Shared = "all:9001";
        first.Seeds.Add(Shared);
        world.Names[Shared] = first.Address;
        first.Start();
        second.Start();
        world.Run(TimeSpan.FromSeconds(30));
        Assert.Empty(first.Others);
        world.Names[Shared] = second.Address;
        world.RunUntil(() => first.IsAliveHere(second) && second.IsAliveHere(first), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void A_node_that_comes_back_at_another_address_is_found_there()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        nodes[2].Kill();
        world.Run(TimeSpan.FromSeconds(1));
        nodes[2].Address = "10.9.9.9:9001";
        nodes[2].Start();
        world.RunUntil(() => nodes[..2].All(node => node.View(nodes[2]) is { IsAlive: true, Record.ClusterAddress: "10.9.9.9:9001" }), TimeSpan.FromSeconds(2));
        Assert.Empty(nodes[2].Alarms);
    }
}
