using System.Text;
using Gache.Primitives;

namespace Gache.Replication.Transport.Wire;

/// <summary>What a connection is for.</summary>
internal enum ConnectionKind : byte
{
    /// <summary>Votes, heartbeats, answers: small and urgent.</summary>
    Control = 1,

    /// <summary>Entries and snapshots.</summary>
    Bulk = 2,

    /// <summary>Only asks who is there.</summary>
    Probe = 3,
}

/// <summary>The first thing a dialler says.</summary>
/// <param name="Kind">What the connection is for.</param>
/// <param name="Sender">Who dials.</param>
/// <param name="ExpectedReceiver">Whom it wants to meet; none in a probe.</param>
/// <param name="IsDialBack">It dials only because the receiver dialled it; two that dial back would hold each other for ever.</param>
internal sealed record Preamble(ConnectionKind Kind, PeerIdentity Sender, NodeId ExpectedReceiver, bool IsDialBack = false)
{
    /// <summary>The oldest version of the frames that this build understands.</summary>
    public const ushort MinVersion = 1;

    /// <summary>The newest version of the frames that this build understands.</summary>
    public const ushort MaxVersion = 1;

    /// <summary>The longest address: a DNS name (253), brackets, colon and port fit.</summary>
    public const int MaxAddressBytes = 272;

    /// <summary>Writes the preamble with its envelope.</summary>
    public byte[] Encode() => PreambleEnvelope.Seal(PreambleEnvelope.DiallerMagic, writer =>
    {
        writer.WriteUInt16(MinVersion);
        writer.WriteUInt16(MaxVersion);
        writer.WriteByte((byte)Kind);
        writer.WriteBoolean(IsDialBack);
        writer.WriteUInt128(ExpectedReceiver.Value);
        WriteIdentity(writer, Sender);
    });

    /// <summary>Reads an opened envelope; null with words if it is no preamble, or one of versions that have none in common with ours.</summary>
    public static Preamble? TryDecode(ReadOnlySpan<byte> body, out string fault)
    {
        var reader = new ByteReader(body);
        ushort min = reader.ReadUInt16();
        ushort max = reader.ReadUInt16();
        if (min > MaxVersion || max < MinVersion)
        {
            // Only the versions have a place that never changes; the rest may be anything.
            fault = $"it speaks versions {min} to {max} of the peer protocol, this node {MinVersion} to {MaxVersion}";
            return null;
        }

        byte kind = reader.ReadByte();
        bool isDialBack = reader.ReadBoolean();
        var expected = new NodeId(reader.ReadUInt128());
        PeerIdentity? sender = ReadIdentity(ref reader);
        fault = "its preamble cannot be read";
        return sender is null || !reader.IsValid || kind is < (byte)ConnectionKind.Control or > (byte)ConnectionKind.Probe
            ? null
            : new Preamble((ConnectionKind)kind, sender, expected, isDialBack);
    }

    internal static void WriteIdentity(ByteWriter writer, PeerIdentity identity)
    {
        writer.WriteUInt128(identity.Node.Value);
        writer.WriteUInt128(identity.Shard.Value);
        writer.WriteUInt128(identity.Cluster.Value);
        writer.WriteUInt64(identity.Nonce);
        writer.WriteText(identity.RaftAddress);
        writer.WriteText(identity.ApiAddress);
    }

    internal static PeerIdentity? ReadIdentity(ref ByteReader reader)
    {
        var node = new NodeId(reader.ReadUInt128());
        var shard = new ShardId(reader.ReadUInt128());
        var cluster = new ClusterId(reader.ReadUInt128());
        ulong nonce = reader.ReadUInt64();
        ReadOnlySpan<byte> raftAddress = reader.ReadBlob();
        ReadOnlySpan<byte> apiAddress = reader.ReadBlob();
        if (!reader.IsValid || node.IsNone || raftAddress.Length > MaxAddressBytes || apiAddress.Length > MaxAddressBytes) return null;
        return new PeerIdentity(node, shard, cluster, nonce, Encoding.UTF8.GetString(raftAddress), Encoding.UTF8.GetString(apiAddress));
    }
}
