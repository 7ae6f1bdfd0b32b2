using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Cluster.Calls.Wire;

/// <summary>The first thing a dialler of a cluster port says, in the same envelope as at the raft port.</summary>
/// <param name="Sender">Who dials.</param>
/// <param name="ExpectedReceiver">Whom it wants to meet; none for whoever is there.</param>
internal sealed record CallPreamble(ClusterIdentity Sender, NodeId ExpectedReceiver)
{
    /// <summary>"gCD1": a dialler.</summary>
    public const uint DiallerMagic = 0x31444367;

    /// <summary>"gCA1": an acceptor.</summary>
    public const uint AcceptorMagic = 0x31414367;

    /// <summary>The oldest version of the frames that this build understands.</summary>
    public const ushort MinVersion = 1;

    /// <summary>The newest version of the frames that this build understands.</summary>
    public const ushort MaxVersion = 1;

    /// <summary>Writes the preamble with its envelope.</summary>
    public byte[] Encode() => PreambleEnvelope.Seal(DiallerMagic, writer =>
    {
        writer.WriteUInt16(MinVersion);
        writer.WriteUInt16(MaxVersion);
        writer.WriteUInt128(ExpectedReceiver.Value);
        WriteIdentity(writer, Sender);
    });

    /// <summary>Reads an opened envelope; null with words if it is no preamble, or one of versions that have none in common with ours.</summary>
    public static CallPreamble? TryDecode(ReadOnlySpan<byte> body, out string fault)
    {
        var reader = new ByteReader(body);
        ushort min = reader.ReadUInt16();
        ushort max = reader.ReadUInt16();
        var expected = new NodeId(reader.ReadUInt128());
        ClusterIdentity sender = ReadIdentity(ref reader);
        fault = "its preamble cannot be read";
        if (VersionsFault(min, max) is { } versions)
        {
            fault = versions;
            return null;
        }

        return !reader.IsValid || reader.Remaining > 0 || sender.Node.IsNone ? null : new CallPreamble(sender, expected);
    }

    internal static string? VersionsFault(ushort min, ushort max) => min <= MaxVersion && max >= MinVersion
        ? null
        : $"it speaks versions {min} to {max} of the cluster port's protocol, this node {MinVersion} to {MaxVersion}";

    internal static void WriteIdentity(ByteWriter writer, in ClusterIdentity identity)
    {
        writer.WriteUInt128(identity.Node.Value);
        writer.WriteUInt128(identity.Cluster.Value);
        writer.WriteUInt64(identity.ProcessNonce);
    }

    internal static ClusterIdentity ReadIdentity(ref ByteReader reader) =>
        new(new NodeId(reader.ReadUInt128()), new ClusterId(reader.ReadUInt128()), reader.ReadUInt64());
}
