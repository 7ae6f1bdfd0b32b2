using Gache.Primitives;

namespace Gache.Replication.Transport.Wire;

/// <summary>What stands around a preamble and its answer in every version: magic (4), length of the body (2), CRC-32C of the body (4).</summary>
internal static class PreambleEnvelope
{
    /// <summary>"gRD1": a dialler.</summary>
    public const uint DiallerMagic = 0x31445267;

    /// <summary>"gRA1": an acceptor.</summary>
    public const uint AcceptorMagic = 0x31415267;

    /// <summary>The bytes before the body.</summary>
    public const int HeaderLength = 10;

    /// <summary>The longest body.</summary>
    public const int MaxBodyLength = 2048;

    /// <summary>The dialler's last word: it was answered in time and believes the answer. Without it an accepted connection does not stand.</summary>
    public const byte Confirmation = 0x06;

    /// <summary>Puts a body into its envelope.</summary>
    public static byte[] Seal(uint magic, Action<ByteWriter> writeBody)
    {
        var writer = new ByteWriter();
        writer.WriteUInt32(magic);
        writer.WriteUInt16(0);
        writer.WriteUInt32(0);
        writeBody(writer);
        int length = writer.Length - HeaderLength;
        Invariant.Holds(length <= MaxBodyLength, $"a preamble of {length} bytes; are the advertised addresses right?");
        uint crc = Crc32C.Compute(writer.Written[HeaderLength..]);
        byte[] sealedBytes = writer.Written.ToArray();
        var head = new ByteWriter(HeaderLength);
        head.WriteUInt32(magic);
        head.WriteUInt16((ushort)length);
        head.WriteUInt32(crc);
        head.Written.CopyTo(sealedBytes);
        return sealedBytes;
    }

    /// <summary>Reads a header; false if it is none of this kind.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, uint magic, out int bodyLength, out uint crc)
    {
        var reader = new ByteReader(header);
        bool isOurs = reader.ReadUInt32() == magic;
        bodyLength = reader.ReadUInt16();
        crc = reader.ReadUInt32();
        return isOurs && reader.IsValid && bodyLength <= MaxBodyLength;
    }
}
