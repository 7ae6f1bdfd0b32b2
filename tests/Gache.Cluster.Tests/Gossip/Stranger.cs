using Gache.Primitives;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>Somebody who knows the protocol and says what he likes.</summary>
internal sealed class Stranger(GossipWorld world)
{
    public NodeId Node { get; } = NodeId.New(world.Random);

    public ClusterId Cluster { get; set; } = world.Cluster;

    public Caller Caller => new(Node, Cluster, 99);

    public NodeRecord Record(params SlotRange[] slots) => new()
    {
        Node = Node,
        Generation = 1,
        Version = 1,
        Cluster = Cluster,
        ApiAddress = "10.66.6.6:8001",
        ClusterAddress = "10.66.6.6:9001",
        Slots = slots,
    };

    public static RecordEntry RecordOf(NodeRecord record, ulong beat = 1, ulong silence = 0) =>
        new(record.Node, record.Generation, record.Version, beat, silence, RecordCodec.Encode(record));

    public byte[]? Tell(GossipMachine node, params RecordEntry[] records) => Tell(node, records, []);

    public byte[]? Tell(GossipMachine node, RecordEntry[] records, LoadEntry[] loads)
    {
        var writer = new ByteWriter();
        new Delta(new GossipHeader(Cluster, Node), [], records, loads).Write(writer);
        return node.Gossip.Handle(Caller, CallKind.GossipDelta, writer.Written);
    }

    public byte[]? Ask(GossipMachine node)
    {
        var writer = new ByteWriter();
        new DigestQuestion(new GossipHeader(Cluster, Node), 0, 0, 0, []).Write(writer);
        return node.Gossip.Handle(Caller, CallKind.GossipDigest, writer.Written);
    }
}
