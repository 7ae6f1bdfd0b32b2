using System.Diagnostics;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>The design's figures for 100 nodes: a change known to all in under 1 s, a death in under 6 s, under 10 kB/s a node.</summary>
public sealed class HundredNodesTests(ITestOutputHelper output)
{
    private const int Count = 100;
    private const double MostBytesPerSecond = 10_000;

    [Fact]
    public void A_change_is_known_to_a_hundred_nodes_within_a_second()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(Count);
        List<double> took = [];
        for (int i = 0; i < 20; i++)
        {
            world.Run(world.Random.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1)));
            GossipMachine changed = world.Random.Pick(nodes);
            changed.Gossip.Update(changed.Gossip.Own with { Role = NodeRole.Leader, Term = (ulong)i + 10 });
            took.Add(world.RunUntil(() => nodes.All(node => node.View(changed)!.Record.Term == (ulong)i + 10), TimeSpan.FromSeconds(1)).TotalMilliseconds);
        }

        output.WriteLine($"known to all after {took.Average():0} ms on average, {took.Max():0} at most");
    }

    [Fact]
    public void A_death_is_known_to_a_hundred_nodes_within_six_seconds_and_nobody_else_is_suspected()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(Count);
        world.Run(TimeSpan.FromSeconds(10));
        foreach (GossipMachine node in nodes) node.Turns.Clear();
        GossipMachine[] rest = nodes[1..];
        nodes[0].Kill(); // the seed of all
        TimeSpan first = world.RunUntil(() => rest.Any(node => !node.IsAliveHere(nodes[0])), TimeSpan.FromSeconds(6));
        TimeSpan all = first + world.RunUntil(() => rest.All(node => !node.IsAliveHere(nodes[0])), TimeSpan.FromSeconds(6) - first);
        // Two seconds of silence, and the last heartbeat may have been a quarter of a second before the end.
        Assert.True(first >= TimeSpan.FromSeconds(1.75), $"judged after {first}");
        Assert.All(rest, node => Assert.Equal([(nodes[0].Node, false)], node.Turns));
        output.WriteLine($"unreachable to the first after {first.TotalSeconds:0.00} s, to all after {all.TotalSeconds:0.00} s");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hundred_nodes_send_less_than_ten_kilobytes_a_second_each(bool isLoaded)
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(Count);
        world.Run(TimeSpan.FromSeconds(10));
        const int Seconds = 60;
        foreach (GossipMachine node in nodes) node.BytesOnWire = 0;
        long began = Stopwatch.GetTimestamp();
        for (int second = 0; second < Seconds; second++)
        {
            foreach (GossipMachine node in nodes)
            {
                ulong index = isLoaded ? (ulong)world.Random.NextInt64(1L << 40) : 7;
                node.Gossip.UpdateLoad(new LoadRecord(index / 100, index * 10, index, index, true));
            }

            world.Run(TimeSpan.FromSeconds(1));
        }

        double perNode = nodes.Average(node => (double)node.BytesOnWire) / Seconds;
        double cpu = Stopwatch.GetElapsedTime(began).TotalSeconds / Seconds / Count;
        output.WriteLine($"{perNode:0} bytes/s a node, worst {nodes.Max(node => node.BytesOnWire) / Seconds}; {cpu:P2} of a core each, the simulation's own part included");
        Assert.True(perNode < MostBytesPerSecond, $"{perNode:0} bytes/s");
        Assert.True(nodes.All(node => node.Others.All(other => other.Load is not null)));
    }
}
