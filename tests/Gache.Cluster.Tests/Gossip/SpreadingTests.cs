using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class SpreadingTests
{
    [Fact]
    public void More_than_one_frame_of_records_goes_on_with_the_next_exchange()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(6);
        SlotRange[] half = [.. Enumerable.Range(0, Store.Slot.Count / 2).Select(slot => new SlotRange(slot * 2, slot * 2, (ulong)slot))];
        world.IsConnected = (a, b) => a != nodes[5] && b != nodes[5];
        foreach (GossipMachine node in nodes[..5]) node.Gossip.Update(node.Gossip.Own with { Slots = half });
        world.Run(TimeSpan.FromSeconds(10));
        world.IsConnected = (_, _) => true;
        world.RunUntil(() => nodes[..5].All(node => nodes[5].View(node)!.Record.Slots.Count == half.Length), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_node_that_says_the_same_again_sends_nothing()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(2);
        ulong version = nodes[0].Gossip.Own.Version;
        long pushes = nodes[0].Gossip.Counters.Pushes;
        nodes[0].Gossip.Update(nodes[0].FirstRecord());
        Assert.Equal((version, pushes), (nodes[0].Gossip.Own.Version, nodes[0].Gossip.Counters.Pushes));
    }

    [Fact]
    public void Many_changes_at_once_are_pushed_at_most_twenty_times_a_second()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(10);
        world.Run(TimeSpan.FromSeconds(3));
        long before = nodes[0].Gossip.Counters.Pushes;
        for (int i = 0; i < 1_000; i++)
        {
            nodes[0].Gossip.Update(nodes[0].Gossip.Own with { Term = (ulong)i + 100 });
            world.Run(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(nodes[0].Gossip.Counters.Pushes - before, 4 * 10, 4 * 21);
        world.RunUntil(() => nodes.All(node => node.View(nodes[0])!.Record.Term == 1_099), TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public void A_load_is_told_every_five_seconds_and_at_once_when_health_changes()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        HashSet<ulong> seen = [];
        for (int i = 0; i < 200; i++)
        {
            nodes[0].Gossip.UpdateLoad(new LoadRecord((ulong)i, 0, 0, 0, true));
            world.Run(TimeSpan.FromSeconds(0.1));
            if (nodes[1].View(nodes[0])!.Load is { } load) seen.Add(load.KeyCount);
        }

        Assert.InRange(seen.Count, 3, 5);
        nodes[0].Gossip.UpdateLoad(new LoadRecord(0, 0, 0, 0, false));
        world.RunUntil(() => nodes.All(node => node.View(nodes[0])!.Load is { IsHealthy: false }), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_picture_does_not_change_once_it_is_given()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        ClusterView before = nodes[0].Gossip.View;
        nodes[1].Gossip.Update(nodes[1].Gossip.Own with { Term = 50 });
        world.Run(TimeSpan.FromSeconds(1));
        Assert.Equal(1ul, before.Find(nodes[1].Node)!.Record.Term);
        Assert.Equal(50ul, nodes[0].View(nodes[1])!.Record.Term);
        Assert.True(nodes[0].Gossip.View.Number > before.Number);
    }

    [Fact]
    public void An_idle_cluster_shows_no_new_pictures()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(5);
        world.Run(TimeSpan.FromSeconds(5));
        ulong before = nodes[0].Gossip.View.Number;
        world.Run(TimeSpan.FromMinutes(1));
        Assert.Equal(before, nodes[0].Gossip.View.Number);
    }

    [Fact]
    public void What_a_later_version_of_a_node_says_is_told_on_by_nodes_that_do_not_understand_it()
    {
        var world = new GossipWorld();
        GossipMachine[] nodes = world.Form(3);
        var stranger = new Stranger(world);
        byte[] body = [.. RecordCodec.Encode(stranger.Record()), 0xAB, 0xCD];
        stranger.Tell(nodes[0], new RecordEntry(stranger.Node, 1, 1, 1, 0, body));
        world.RunUntil(() => nodes[2].Gossip.View.Find(stranger.Node) is not null, TimeSpan.FromSeconds(1));
        var writer = new ByteWriter();
        new Delta(new GossipHeader(world.Cluster, stranger.Node), [new Want(stranger.Node, Parts.Record)], [], []).Write(writer);
        Delta answer = Delta.TryRead(nodes[2].Gossip.Handle(stranger.Caller, CallKind.GossipDelta, writer.Written))!;
        Assert.Equal(body, Assert.Single(answer.Records).Body);
    }

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        long[] once = Run(), again = Run();
        Assert.Equal(once, again);

        static long[] Run()
        {
            var world = new GossipWorld(7) { Loss = 0.1, MostDelay = TimeSpan.FromMilliseconds(50) };
            GossipMachine[] nodes = world.Form(12);
            world.Run(TimeSpan.FromSeconds(20));
            return [.. nodes.Select(node => node.BytesOnWire)];
        }
    }
}
