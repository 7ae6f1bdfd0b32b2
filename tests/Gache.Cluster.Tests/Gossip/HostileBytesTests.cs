using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>Whatever arrives at the cluster port: no throw, no growth beyond the bounds, and the own record is the node's own.</summary>
public sealed class HostileBytesTests
{
    private const CallKind Unknown = (CallKind)77;

    [Fact]
    public void Any_bytes_are_taken_without_a_throw_within_bounds_and_change_nothing_of_ones_own() =>
        Gen.Select(Gen.ULong, Gen.Byte.Array[0, 400], Gen.Int[0, 2].Select(i => i switch { 0 => CallKind.GossipDigest, 1 => CallKind.GossipDelta, _ => Unknown }), Gen.Bool).Sample(
            (seed, bytes, kind, isHeadRight) =>
            {
                (GossipWorld world, GossipMachine node, Stranger stranger) = Begin(seed);
                if (isHeadRight) bytes = [.. Head(stranger), .. bytes];
                Check(node, stranger, kind, bytes);
            },
            iter: 3_000);

    [Fact]
    public void A_real_message_with_a_byte_changed_or_its_end_cut_off_is_taken_without_a_throw() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 2], Gen.Int[0, 100_000], Gen.Byte, Gen.Bool).Sample(
            (seed, which, place, value, isCut) =>
            {
                (GossipWorld world, GossipMachine node, Stranger stranger) = Begin(seed);
                var writer = new ByteWriter();
                var header = new GossipHeader(world.Cluster, stranger.Node);
                if (which == 0)
                {
                    new DigestQuestion(header, 1, 2, 3, [4, 5, 600]).Write(writer);
                }
                else
                {
                    NodeRecord own = node.Gossip.Own;
                    new Delta(header, [new Want(own.Node, Parts.Record | Parts.Load)],
                        [Stranger.RecordOf(stranger.Record(new SlotRange(3, 9, 2), new SlotRange(11, 16_383, 1))), Stranger.RecordOf(which == 1 ? own : own with { Version = 9 })],
                        [new LoadEntry(stranger.Node, 1, 1, new LoadRecord(1, 2, 3, 4, true))]).Write(writer);
                }

                byte[] bytes = writer.Written.ToArray();
                if (isCut) bytes = bytes[..(place % bytes.Length)];
                else bytes[place % bytes.Length] = value;
                Check(node, stranger, which == 0 ? CallKind.GossipDigest : CallKind.GossipDelta, bytes);
            },
            iter: 3_000);

    [Fact]
    public void An_answer_of_any_bytes_is_taken_without_a_throw_and_ends_one_exchange_only() =>
        Gen.Select(Gen.ULong, Gen.Byte.Array[0, 300], Gen.Bool).Sample(
            (seed, bytes, isHeadRight) =>
            {
                var random = new Random((int)(seed % int.MaxValue));
                var time = new StillTime();
                var stranger = new Stranger(new GossipWorld(seed));
                var answers = new AnsweringCalls(isHeadRight ? [.. Head(stranger), .. bytes] : bytes);
                var own = new NodeId(7);
                var gossip = new Gossiper(
                    new NodeRecord { Node = own, ApiAddress = "a:1", ClusterAddress = "a:2", Cluster = stranger.Cluster },
                    new GossipOptions { Node = own, ProcessNonce = 1, Seeds = ["b:2"] }, answers, time, random, new MemoryPeerStore());
                NodeRecord before = gossip.Own;
                for (int i = 0; i < 20; i++)
                {
                    gossip.Tick();
                    time.Pass(TimeSpan.FromMilliseconds(50));
                }

                Assert.True(answers.Count > 1);
                Assert.True(before.Says(gossip.Own));
            },
            iter: 1_000);

    [Fact]
    public void A_count_that_lies_takes_no_memory()
    {
        (_, GossipMachine node, Stranger stranger) = Begin(1);
        byte[] greatest = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
        byte[] digest = [.. Head(stranger), .. new byte[16], 0, .. greatest];
        byte[] delta = [.. Head(stranger), .. greatest];
        Assert.Null(node.Gossip.Handle(stranger.Caller, CallKind.GossipDigest, digest)); // also warms up what is measured
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(node.Gossip.Handle(stranger.Caller, CallKind.GossipDigest, digest));
        Assert.Null(node.Gossip.Handle(stranger.Caller, CallKind.GossipDelta, delta));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000);
    }

    [Fact]
    public void A_message_beyond_the_bound_is_not_looked_at()
    {
        (_, GossipMachine node, Stranger stranger) = Begin(1);
        byte[] bytes = [.. Head(stranger), .. new byte[GossipLimits.MaxMessageBytes]];
        Assert.Null(node.Gossip.Handle(stranger.Caller, CallKind.GossipDelta, bytes));
        Assert.Null(node.Gossip.Handle(stranger.Caller, CallKind.GossipDigest, bytes));
        Assert.NotNull(node.Gossip.Handle(stranger.Caller, CallKind.GossipDelta, bytes.AsSpan(0, Head(stranger).Length + 3)));
    }

    [Fact]
    public void Who_calls_under_one_id_and_writes_another_is_not_heard()
    {
        (_, GossipMachine node, Stranger stranger) = Begin(1);
        byte[] bytes = [.. Head(stranger), 0, 0, 0];
        Assert.Null(node.Gossip.Handle(stranger.Caller with { Node = new NodeId(5) }, CallKind.GossipDelta, bytes));
    }

    private static (GossipWorld World, GossipMachine Node, Stranger Stranger) Begin(ulong seed)
    {
        var world = new GossipWorld(seed);
        GossipMachine node = world.Add();
        node.Start();
        return (world, node, new Stranger(world));
    }

    private static byte[] Head(Stranger stranger)
    {
        var writer = new ByteWriter();
        new GossipHeader(stranger.Cluster, stranger.Node).Write(writer);
        return writer.Written.ToArray();
    }

    private static void Check(GossipMachine node, Stranger stranger, CallKind kind, byte[] bytes)
    {
        const int MostBytes = 300_000; // a view, an answer, and what the first call of a kind compiles or caches
        NodeRecord before = node.Gossip.Own;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        byte[]? answer = node.Gossip.Handle(stranger.Caller, kind, bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MostBytes);
        Assert.InRange(answer?.Length ?? 0, 0, 2 * GossipLimits.MaxFrameBytes);
        Assert.Equal(before, node.Gossip.Own);
        Assert.Equal(before, node.Gossip.View.Find(node.Node)!.Record);
        Assert.InRange(node.Gossip.View.Nodes.Count, 1, 3);
    }
}
