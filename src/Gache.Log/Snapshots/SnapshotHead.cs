using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>What stands at the begin of a snapshot's file.</summary>
/// <param name="Shard">The shard whose state it is.</param>
/// <param name="Mark">The last entry that it holds, with the configuration in force there.</param>
/// <param name="FeatureLevel">The replicated feature level there.</param>
/// <param name="Checksum">The store's checksum there.</param>
/// <param name="StoreTime">The store's time there, as the store counts it.</param>
public sealed record SnapshotHead(ShardId Shard, SnapshotMark Mark, uint FeatureLevel, UInt128 Checksum, ulong StoreTime)
{
    /// <summary>The format that this program writes and reads.</summary>
    public const uint Version = 1;

    internal const int MaxBodyBytes = 1 << 20;

    /// <summary>Magic, version and the body's length.</summary>
    internal const int PrefixBytes = 16;

    internal static ReadOnlySpan<byte> Magic => "GACHESNP"u8;

    internal void EncodeTo(ByteWriter writer)
    {
        int start = writer.Length;
        writer.WriteBytes(Magic);
        writer.WriteUInt32(Version);
        writer.WriteUInt32(0); // the body's length
        writer.WriteUInt128(Shard.Value);
        writer.WriteUInt64(Mark.Index);
        writer.WriteUInt64(Mark.Term);
        writer.WriteUInt32(FeatureLevel);
        writer.WriteUInt128(Checksum);
        writer.WriteUInt64(StoreTime);
        Mark.Configuration.EncodeTo(writer);
        writer.PatchUInt32(start + PrefixBytes - sizeof(uint), (uint)(writer.Length - start - PrefixBytes));
        writer.WriteUInt32(Crc32C.Compute(writer.Written[start..]));
    }

    internal static bool TryDecodeBody(ReadOnlySpan<byte> body, out SnapshotHead head)
    {
        var reader = new ByteReader(body);
        var shard = new ShardId(reader.ReadUInt128());
        ulong index = reader.ReadUInt64();
        ulong term = reader.ReadUInt64();
        uint featureLevel = reader.ReadUInt32();
        UInt128 checksum = reader.ReadUInt128();
        ulong storeTime = reader.ReadUInt64();
        bool isValid = Configuration.TryDecode(ref reader, out Configuration configuration) && reader.IsValid && reader.Remaining == 0;
        head = new SnapshotHead(shard, new SnapshotMark(index, term, configuration), featureLevel, checksum, storeTime);
        return isValid;
    }
}
