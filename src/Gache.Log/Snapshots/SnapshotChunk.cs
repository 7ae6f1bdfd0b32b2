using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>How chunks and the trailer lie in a snapshot's file: length, checksum, bytes.</summary>
internal static class SnapshotChunk
{
    /// <summary>The most bytes in one chunk.</summary>
    public const int MaxBytes = 256 << 10;

    public const int HeadBytes = 8;

    /// <summary>Stands in a length's place where no chunk follows, but the count of chunks and the file's length.</summary>
    public const uint Trailer = uint.MaxValue;

    public const int TrailerBytes = HeadBytes + 16;

    /// <summary>Covers the place in the file, the length and the bytes.</summary>
    public static uint Checksum(long offset, uint length, ReadOnlySpan<byte> bytes)
    {
        Span<byte> place = stackalloc byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(place, offset);
        BinaryPrimitives.WriteUInt32LittleEndian(place[8..], length);
        return Crc32C.Compute(bytes, Crc32C.Compute(place));
    }
}
