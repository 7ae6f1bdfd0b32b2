using System.Text;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Cluster.Calls.Wire;

/// <summary>What the acceptor says to a <see cref="CallPreamble"/>: who it is, and whether the connection stands.</summary>
/// <param name="Acceptor">Who was dialled; its node is none if it did not understand the dialler's versions.</param>
/// <param name="Refusal">Why it refuses, in words; null if it accepts.</param>
internal sealed record CallPreambleAnswer(ClusterIdentity Acceptor, string? Refusal)
{
    /// <summary>The longest words of a refusal, of a connection or of a request.</summary>
    public const int MaxRefusalBytes = 1024;

    /// <summary>Writes the answer with its envelope.</summary>
    public byte[] Encode() => PreambleEnvelope.Seal(CallPreamble.AcceptorMagic, writer =>
    {
        writer.WriteUInt16(CallPreamble.MinVersion);
        writer.WriteUInt16(CallPreamble.MaxVersion);
        writer.WriteBoolean(Refusal is null);
        writer.WriteBlob(Words(Refusal ?? ""));
        CallPreamble.WriteIdentity(writer, Acceptor);
    });

    /// <summary>Reads an opened envelope; null with words if it is no answer.</summary>
    public static CallPreambleAnswer? TryDecode(ReadOnlySpan<byte> body, out string fault)
    {
        var reader = new ByteReader(body);
        ushort min = reader.ReadUInt16();
        ushort max = reader.ReadUInt16();
        bool isAccepted = reader.ReadBoolean();
        ReadOnlySpan<byte> words = reader.ReadBlob();
        ClusterIdentity acceptor = CallPreamble.ReadIdentity(ref reader);
        fault = "its answer to our preamble cannot be read";
        if (!reader.IsValid || words.Length > MaxRefusalBytes || (isAccepted && acceptor.Node.IsNone)) return null;
        if (CallPreamble.VersionsFault(min, max) is { } versions)
        {
            fault = versions;
            return null;
        }

        return new CallPreambleAnswer(acceptor, isAccepted ? null : ReadWords(words));
    }

    /// <summary>The words of a refusal as bytes, cut where they would be too long.</summary>
    public static byte[] Words(string text) => Encoding.UTF8.GetBytes(text.Length > MaxRefusalBytes / 4 ? text[..(MaxRefusalBytes / 4)] : text);

    /// <summary>Words as they came, without what could break a line of the log.</summary>
    public static string ReadWords(ReadOnlySpan<byte> words)
    {
        string text = Encoding.UTF8.GetString(words[..Math.Min(words.Length, MaxRefusalBytes)]);
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
    }
}
