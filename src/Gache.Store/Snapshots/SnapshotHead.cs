using Gache.Primitives;

namespace Gache.Store;

/// <summary>What a snapshot says about the state that it holds.</summary>
/// <param name="AppliedIndex">The last entry applied to it.</param>
/// <param name="Revision">The shard's revision counter.</param>
/// <param name="StoreTimeMilliseconds">The store time of its entries.</param>
/// <param name="FeatureLevel">The feature level in force.</param>
/// <param name="KeyCount">How many keys follow.</param>
/// <param name="Checksum">The checksum of the whole state.</param>
public readonly record struct SnapshotHead(
    ulong AppliedIndex,
    ulong Revision,
    ulong StoreTimeMilliseconds,
    uint FeatureLevel,
    long KeyCount,
    UInt128 Checksum)
{
    private const uint Format = 1;

    /// <summary>Writes the head, with the number of the format that its chunks have.</summary>
    public void WriteTo(ByteWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteUInt32(Format);
        writer.WriteUInt64(AppliedIndex);
        writer.WriteUInt64(Revision);
        writer.WriteUInt64(StoreTimeMilliseconds);
        writer.WriteUInt32(FeatureLevel);
        writer.WriteUInt64((ulong)KeyCount);
        writer.WriteUInt128(Checksum);
    }

    /// <summary>Reads a head; the caller checks <see cref="ByteReader.IsValid"/>.</summary>
    /// <exception cref="SnapshotDamagedException">The format is one that this version does not know.</exception>
    public static SnapshotHead ReadFrom(ref ByteReader reader)
    {
        uint format = reader.ReadUInt32();
        if (reader.IsValid && format != Format) throw new SnapshotDamagedException($"snapshot format {format} is unknown to this version");
        return new SnapshotHead(
            reader.ReadUInt64(),
            reader.ReadUInt64(),
            reader.ReadUInt64(),
            reader.ReadUInt32(),
            (long)reader.ReadUInt64(),
            reader.ReadUInt128());
    }
}
