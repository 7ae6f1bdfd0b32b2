using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Which parts of a node's knowledge are asked for.</summary>
[Flags]
internal enum Parts : byte
{
    None = 0,
    Record = 1,
    Load = 2,
}

/// <summary>Something that the sender lacks.</summary>
internal readonly record struct Want(NodeId Node, Parts Parts)
{
    public const int Bytes = NodeId.Size + 1;
}

/// <summary>A record on its way.</summary>
/// <param name="Node">Whose.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Version">Its version; <see cref="Forgotten"/> says that an operator ended it.</param>
/// <param name="Beat">The heartbeat known with it.</param>
/// <param name="Silence">Since when that did not rise, in tenths of a second: a dead node's age travels with it, so that it dies everywhere at once.</param>
/// <param name="Body">What it says, as its owner wrote it.</param>
internal sealed record RecordEntry(NodeId Node, ulong Generation, ulong Version, ulong Beat, ulong Silence, byte[] Body)
{
    /// <summary>Above every version that an owner gives.</summary>
    public const ulong Forgotten = ulong.MaxValue;

    public const int LeastBytes = NodeId.Size + 5;

    public bool IsForgotten => Version == Forgotten;
}

/// <summary>A load record on its way.</summary>
internal sealed record LoadEntry(NodeId Node, ulong Generation, ulong Version, LoadRecord Load)
{
    public const int LeastBytes = NodeId.Size + 7;
}

/// <summary>Records that the receiver lacks, and those that the sender lacks; the answer is the same without wants.</summary>
internal sealed record Delta(GossipHeader Header, IReadOnlyList<Want> Wants, IReadOnlyList<RecordEntry> Records, IReadOnlyList<LoadEntry> Loads)
{
    public void Write(ByteWriter writer)
    {
        Header.Write(writer);
        writer.WriteVarUInt64((ulong)Wants.Count);
        foreach (Want want in Wants)
        {
            writer.WriteUInt128(want.Node.Value);
            writer.WriteByte((byte)want.Parts);
        }

        writer.WriteVarUInt64((ulong)Records.Count);
        foreach (RecordEntry one in Records) Write(one, writer);
        writer.WriteVarUInt64((ulong)Loads.Count);
        foreach (LoadEntry one in Loads) Write(one, writer);
    }

    public static Delta? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > GossipLimits.MaxMessageBytes) return null;
        var reader = new ByteReader(bytes);
        if (!GossipHeader.TryRead(ref reader, out GossipHeader header)) return null;
        if (TryCount(ref reader, Want.Bytes) is not { } wantCount) return null;
        var wants = new Want[wantCount];
        for (int i = 0; i < wants.Length; i++) wants[i] = new Want(new NodeId(reader.ReadUInt128()), (Parts)reader.ReadByte());
        if (TryCount(ref reader, RecordEntry.LeastBytes) is not { } recordCount) return null;
        var records = new RecordEntry[recordCount];
        for (int i = 0; i < records.Length; i++)
        {
            if (TryReadRecord(ref reader) is not { } one) return null;
            records[i] = one;
        }

        if (TryCount(ref reader, LoadEntry.LeastBytes) is not { } loadCount) return null;
        var loads = new LoadEntry[loadCount];
        for (int i = 0; i < loads.Length; i++)
        {
            if (TryReadLoad(ref reader) is not { } one) return null;
            loads[i] = one;
        }

        return reader.IsValid ? new Delta(header, wants, records, loads) : null;
    }

    private static int? TryCount(ref ByteReader reader, int leastBytes)
    {
        ulong count = reader.ReadVarUInt64();
        return reader.IsValid && count <= (ulong)Math.Min(reader.Remaining / leastBytes, GossipLimits.MaxNodes) ? (int)count : null;
    }

    private static void Write(RecordEntry one, ByteWriter writer)
    {
        writer.WriteUInt128(one.Node.Value);
        writer.WriteVarUInt64(one.Generation);
        writer.WriteVarUInt64(one.Version);
        writer.WriteVarUInt64(one.Beat);
        writer.WriteVarUInt64(one.Silence);
        writer.WriteVarUInt64((ulong)one.Body.Length);
        writer.WriteBytes(one.Body);
    }

    private static RecordEntry? TryReadRecord(ref ByteReader reader)
    {
        var node = new NodeId(reader.ReadUInt128());
        (ulong generation, ulong version, ulong beat) = (reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64());
        (ulong silence, ulong length) = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
        bool isBounded = !node.IsNone && generation < GossipLimits.MaxCounter && beat < GossipLimits.MaxCounter
            && (version < GossipLimits.MaxCounter || version == RecordEntry.Forgotten);
        if (!isBounded || length > (ulong)reader.Remaining) return null;
        byte[] body = reader.ReadBytes((int)length).ToArray();
        return reader.IsValid ? new RecordEntry(node, generation, version, beat, silence, body) : null;
    }

    private static void Write(LoadEntry one, ByteWriter writer)
    {
        writer.WriteUInt128(one.Node.Value);
        writer.WriteVarUInt64(one.Generation);
        writer.WriteVarUInt64(one.Version);
        writer.WriteVarUInt64(one.Load.KeyCount);
        writer.WriteVarUInt64(one.Load.StoreBytes);
        writer.WriteVarUInt64(one.Load.CommitIndex);
        writer.WriteVarUInt64(one.Load.AppliedIndex);
        writer.WriteBoolean(one.Load.IsHealthy);
    }

    private static LoadEntry? TryReadLoad(ref ByteReader reader)
    {
        var node = new NodeId(reader.ReadUInt128());
        (ulong generation, ulong version) = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
        var load = new LoadRecord(reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadBoolean());
        return reader.IsValid && version is > 0 and < GossipLimits.MaxCounter ? new LoadEntry(node, generation, version, load) : null;
    }
}
