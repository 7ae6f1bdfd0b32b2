using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>How each gossip message begins.</summary>
/// <param name="Cluster">The sender's cluster; none while it seeks one.</param>
/// <param name="Sender">Who sends it.</param>
internal readonly record struct GossipHeader(ClusterId Cluster, NodeId Sender)
{
    private const byte Version = 1;

    public void Write(ByteWriter writer)
    {
        writer.WriteByte(Version);
        writer.WriteUInt128(Cluster.Value);
        writer.WriteUInt128(Sender.Value);
    }

    public static bool TryRead(ref ByteReader reader, out GossipHeader header)
    {
        bool isKnown = reader.ReadByte() == Version;
        header = new GossipHeader(new ClusterId(reader.ReadUInt128()), new NodeId(reader.ReadUInt128()));
        return isKnown && reader.IsValid && !header.Sender.IsNone;
    }
}
