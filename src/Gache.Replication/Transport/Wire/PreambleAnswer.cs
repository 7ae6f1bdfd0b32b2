using System.Text;
using Gache.Primitives;

namespace Gache.Replication.Transport.Wire;

/// <summary>What the acceptor says to a <see cref="Preamble"/>: who it is, and whether the connection stands.</summary>
/// <param name="Acceptor">Who was dialled; null if it did not understand the dialler's versions.</param>
/// <param name="Refusal">Why it refuses, in words; null if it accepts.</param>
internal sealed record PreambleAnswer(PeerIdentity? Acceptor, string? Refusal)
{
    private const int MaxRefusalBytes = 1024;

    /// <summary>Writes the answer with its envelope.</summary>
    public byte[] Encode() => PreambleEnvelope.Seal(PreambleEnvelope.AcceptorMagic, writer =>
    {
        writer.WriteUInt16(Preamble.MinVersion);
        writer.WriteUInt16(Preamble.MaxVersion);
        writer.WriteBoolean(Refusal is null);
        writer.WriteText(Refusal is { Length: > MaxRefusalBytes / 4 } ? Refusal[..(MaxRefusalBytes / 4)] : Refusal ?? "");
        writer.WriteBoolean(Acceptor is not null);
        if (Acceptor is not null) Preamble.WriteIdentity(writer, Acceptor);
    });

    /// <summary>Reads an opened envelope; null with words if it is no answer.</summary>
    public static PreambleAnswer? TryDecode(ReadOnlySpan<byte> body, out string fault)
    {
        var reader = new ByteReader(body);
        ushort min = reader.ReadUInt16();
        ushort max = reader.ReadUInt16();
        bool isAccepted = reader.ReadBoolean();
        ReadOnlySpan<byte> words = reader.ReadBlob();
        fault = "its answer to our preamble cannot be read";
        if (!reader.IsValid || words.Length > MaxRefusalBytes) return null;
        string? refusal = isAccepted ? null : Encoding.UTF8.GetString(words);
        if (min > Preamble.MaxVersion || max < Preamble.MinVersion)
        {
            fault = $"it speaks versions {min} to {max} of the peer protocol, this node {Preamble.MinVersion} to {Preamble.MaxVersion}";
            return null;
        }

        PeerIdentity? acceptor = reader.ReadBoolean() ? Preamble.ReadIdentity(ref reader) : null;
        return !reader.IsValid || (isAccepted && acceptor is null) ? null : new PreambleAnswer(acceptor, refusal);
    }
}
