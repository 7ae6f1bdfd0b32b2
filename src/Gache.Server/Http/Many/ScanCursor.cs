using System.Buffers.Text;
using Gache.Primitives;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary>Where a scan goes on, as clients hold it: base64url of a version (1), slot, last key, checksum (4). Opaque to them.</summary>
internal static class ScanCursor
{
    private const byte Version = 1;

    /// <summary>The longest, in characters.</summary>
    public const int MaxLength = (1 + 2 + 2 + StoreLimits.MaxKeyBytes + 4 + 2) / 3 * 4;

    /// <summary>Writes it.</summary>
    public static string Encode(ScanPosition position)
    {
        var writer = new ByteWriter(64);
        writer.WriteByte(Version);
        position.WriteTo(writer);
        writer.WriteUInt32(Crc32C.Compute(writer.Written));
        return Base64Url.EncodeToString(writer.Written);
    }

    /// <summary>Reads it.</summary>
    /// <returns>Null if it is none: cut off, mistyped, or of a later version.</returns>
    public static ScanPosition? Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text)) return null;
        byte[] bytes = Base64Url.DecodeFromUtf8(text);
        if (bytes.Length < 1 + sizeof(uint)) return null;
        var reader = new ByteReader(bytes);
        byte version = reader.ReadByte();
        bool isRead = ScanPosition.TryReadFrom(ref reader, out ScanPosition position);
        uint checksum = reader.ReadUInt32();
        bool isGood = isRead && version == Version && reader.IsValid && reader.Remaining == 0 && checksum == Crc32C.Compute(bytes.AsSpan(..^sizeof(uint))) && !position.IsEnd;
        return isGood ? position : null;
    }

    /// <summary>What a client is told of a malformed one.</summary>
    public const string Words = "a cursor is what an earlier answer gave, whole and unchanged";
}
