using Gache.Primitives;

namespace Gache.Store;

/// <summary>What a snapshot says about the state that it holds.</summary>
/// <param name="AppliedIndex">The last entry applied to it.</param>
/// <param name="Revision">The shard's revision counter.</param>
/// <param name="StoreTimeMilliseconds">The store time of its entries.</param>
/// <param name="FeatureLevel">The feature level in force.</param>
/// <param name="KeyCount">How many keys follow.</param>
/// <param name="Checksum">The checksum of the whole state.</param>
/// <param name="Slots">What the log said of slots; empty while it said nothing.</param>
public readonly record struct SnapshotHead(
    ulong AppliedIndex,
    ulong Revision,
    ulong StoreTimeMilliseconds,
    uint FeatureLevel,
    long KeyCount,
    UInt128 Checksum,
    ReadOnlyMemory<byte> Slots)
{
    private const uint Format = 1;
    private const uint FormatWithSlots = 2;
    private const int FixedBytes = 4 + 8 + 8 + 8 + 4 + 8 + 16;

    /// <summary>How many bytes a head has that begins so; it may need more than one chunk of a file.</summary>
    /// <exception cref="SnapshotDamagedException">It cannot be a head.</exception>
    public static int LengthOf(ReadOnlySpan<byte> first)
    {
        var reader = new ByteReader(first);
        uint format = reader.ReadUInt32();
        if (format != FormatWithSlots) return FixedBytes;
        reader.ReadBytes(FixedBytes - sizeof(uint));
        uint length = reader.ReadUInt32();
        if (!reader.IsValid || length > MaxSlotsBytes) throw new SnapshotDamagedException($"the snapshot's head says {length} bytes of slots");
        return FixedBytes + sizeof(uint) + (int)length;
    }

    /// <summary>Writes the head, with the number of the format that its chunks have.</summary>
    public void WriteTo(ByteWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteUInt32(Slots.IsEmpty ? Format : FormatWithSlots);
        writer.WriteUInt64(AppliedIndex);
        writer.WriteUInt64(Revision);
        writer.WriteUInt64(StoreTimeMilliseconds);
        writer.WriteUInt32(FeatureLevel);
        writer.WriteUInt64((ulong)KeyCount);
        writer.WriteUInt128(Checksum);
        if (!Slots.IsEmpty) writer.WriteBlob(Slots.Span);
    }

    /// <summary>Reads a head; the caller checks <see cref="ByteReader.IsValid"/>.</summary>
    /// <exception cref="SnapshotDamagedException">The format is one that this version does not know.</exception>
    public static SnapshotHead ReadFrom(ref ByteReader reader)
    {
        uint format = reader.ReadUInt32();
        if (reader.IsValid && format is not (Format or FormatWithSlots)) throw new SnapshotDamagedException($"snapshot format {format} is unknown to this version");
        return new SnapshotHead(
            reader.ReadUInt64(),
            reader.ReadUInt64(),
            reader.ReadUInt64(),
            reader.ReadUInt32(),
            (long)reader.ReadUInt64(),
            reader.ReadUInt128(),
            format == FormatWithSlots ? reader.ReadBlob().ToArray() : default(ReadOnlyMemory<byte>));
    }

    private const uint MaxSlotsBytes = 4 << 20;
}
