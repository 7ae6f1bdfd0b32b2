using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>What a record of the log is. Zero is what was never written.</summary>
internal enum RecordType : byte
{
    None = 0,

    /// <summary>Begins every write: up to where the log was synced before it, and the number of the last write in it.</summary>
    BatchHead = 1,

    /// <summary>The first record after the batch head at a segment's begin: the state that everything before it led to.</summary>
    SegmentStart = 2,

    Entry = 3,

    HardState = 4,

    SnapshotMark = 5,

    /// <summary>Every entry from an index on is gone.</summary>
    Truncation = 6,

    /// <summary>A batch head that ends the log of a process that stopped cleanly.</summary>
    ClosingMark = 7,
}

/// <summary>How every record lies in a segment: checksum, type and length, body, zeros up to a multiple of eight bytes.</summary>
internal static class Record
{
    public const int HeadSize = 8;
    public const int Alignment = 8;
    public const int MaxBodyLength = (1 << 24) - 1;

    /// <summary>The body of a batch head and of a closing mark.</summary>
    public const int BatchHeadBody = 24;

    public const int BatchHeadSize = HeadSize + BatchHeadBody;

    public const int EntryBodyWithoutPayload = 17;

    public const int HardStateSize = HeadSize + 24;

    public const int TruncationSize = HeadSize + 8;

    public static int SizeWithBody(int bodyLength) => (HeadSize + bodyLength + Alignment - 1) & -Alignment;

    public static int EntrySize(int payloadLength) => SizeWithBody(EntryBodyWithoutPayload + payloadLength);

    public static uint TypeAndLength(RecordType type, int bodyLength) => ((uint)type << 24) | (uint)bodyLength;

    public static RecordType TypeOf(uint typeAndLength) => (RecordType)(typeAndLength >> 24);

    public static int BodyLengthOf(uint typeAndLength) => (int)(typeAndLength & MaxBodyLength);

    /// <summary>The checksum of a record at this offset, over everything in it but the checksum itself.</summary>
    public static uint Checksum(uint segmentSeed, long offset, ReadOnlySpan<byte> record)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, offset);
        return Crc32C.Compute(record[sizeof(uint)..], Crc32C.Compute(place, segmentSeed));
    }

    /// <summary>True if a whole and right record stands at the begin of <paramref name="bytes"/>.</summary>
    public static bool IsWhole(uint segmentSeed, long offset, ReadOnlySpan<byte> bytes, out int size)
    {
        size = 0;
        if (bytes.Length < HeadSize) return false;
        uint typeAndLength = BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(uint)..]);
        if (TypeOf(typeAndLength) is RecordType.None or > RecordType.ClosingMark) return false;
        size = SizeWithBody(BodyLengthOf(typeAndLength));
        return size <= bytes.Length && Checksum(segmentSeed, offset, bytes[..size]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
