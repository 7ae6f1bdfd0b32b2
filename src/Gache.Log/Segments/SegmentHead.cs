using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>The first 64 bytes of a segment's file: what it is, whose, and which (format: DESIGN.md).</summary>
internal readonly record struct SegmentHead(ShardId Shard, NodeId Node, ulong Number, int SegmentSize)
{
    public const int Size = 64;
    public const uint Version = 1;
    private const int CheckedBytes = Size - sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "GACHELOG"u8;

    public void EncodeTo(ByteWriter writer)
    {
        int start = writer.Length;
        writer.WriteBytes(Magic);
        writer.WriteUInt32(Version);
        writer.WriteUInt32((uint)SegmentSize);
        writer.WriteUInt128(Shard.Value);
        writer.WriteUInt128(Node.Value);
        writer.WriteUInt64(Number);
        writer.WriteUInt32(0);
        writer.WriteUInt32(Crc32C.Compute(writer.Written[start..]));
    }

    /// <summary>What every record's checksum in this segment starts from: a record copied from anywhere else is not valid here.</summary>
    public uint RecordSeed()
    {
        var writer = new ByteWriter(Size);
        EncodeTo(writer);
        return BinaryPrimitives.ReadUInt32LittleEndian(writer.Written[CheckedBytes..]);
    }

    /// <summary>Reads the head of a segment's file and refuses what this program cannot read.</summary>
    /// <exception cref="LogFormatException">The version is unknown.</exception>
    /// <exception cref="LogDamagedException">The head, or the file's size, is not what was written.</exception>
    public static SegmentHead Read(IFile file, ulong number)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes.Clear();
        file.Read(0, bytes);
        var reader = new ByteReader(bytes);
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic)) throw new LogDamagedException(file.Path, 0, "the file is no segment of a log");
        uint version = reader.ReadUInt32();
        uint sum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[CheckedBytes..]);
        bool isWhole = Crc32C.Compute(bytes[..CheckedBytes]) == sum;
        if (version != Version && (isWhole || !IsWholeWithVersion(bytes, sum))) throw new LogFormatException(file.Path, version, Version);
        if (!isWhole) throw new LogDamagedException(file.Path, 0, "the file's head does not match its checksum");
        int size = (int)reader.ReadUInt32();
        var head = new SegmentHead(new ShardId(reader.ReadUInt128()), new NodeId(reader.ReadUInt128()), reader.ReadUInt64(), size);
        if (head.Number != number) throw new LogDamagedException(file.Path, 0, $"the file says that it is segment {head.Number}, and its name {number}");
        if (file.Length != size) throw new LogDamagedException(file.Path, file.Length, $"the file was {size} bytes long and is {file.Length}");
        return head;
    }

    // A flipped bit in the version is damage and no newer format: with the known version in its place the checksum fits again.
    private static bool IsWholeWithVersion(ReadOnlySpan<byte> bytes, uint sum)
    {
        Span<byte> repaired = stackalloc byte[CheckedBytes];
        bytes[..CheckedBytes].CopyTo(repaired);
        BinaryPrimitives.WriteUInt32LittleEndian(repaired[Magic.Length..], Version);
        return Crc32C.Compute(repaired) == sum;
    }
}
