using System.Text;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>A record as bytes. What a later version appends to it is kept and told on, though not understood.</summary>
internal static class RecordCodec
{
    private const byte HasCluster = 1, HasShard = 2, IsFounding = 4;

    /// <summary>The bytes of what a record says; its node, generation and version stand outside.</summary>
    public static byte[] Encode(NodeRecord record)
    {
        var writer = new ByteWriter();
        writer.WriteByte((byte)((record.Cluster.IsNone ? 0 : HasCluster) | (record.Shard.IsNone ? 0 : HasShard) | (record.IsFoundingShard ? IsFounding : 0)));
        if (!record.Cluster.IsNone) writer.WriteUInt128(record.Cluster.Value);
        if (!record.Shard.IsNone) writer.WriteUInt128(record.Shard.Value);
        writer.WriteByte((byte)record.Role);
        writer.WriteVarUInt64(record.Term);
        WriteAddress(record.ApiAddress, writer);
        WriteAddress(record.RaftAddress, writer);
        WriteAddress(record.ClusterAddress, writer);
        WriteSlots(record.Slots, writer);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; null for anything that no node of ours would say.</summary>
    public static NodeRecord? TryDecode(NodeId node, ulong generation, ulong version, ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        byte flags = reader.ReadByte();
        var record = new NodeRecord
        {
            Node = node,
            Generation = generation,
            Version = version,
            IsFoundingShard = (flags & IsFounding) != 0,
            Cluster = (flags & HasCluster) != 0 ? new ClusterId(reader.ReadUInt128()) : default,
            Shard = (flags & HasShard) != 0 ? new ShardId(reader.ReadUInt128()) : default,
            Role = (NodeRole)reader.ReadByte(),
            Term = reader.ReadVarUInt64(),
            ApiAddress = ReadAddress(ref reader),
            RaftAddress = ReadAddress(ref reader),
            ClusterAddress = ReadAddress(ref reader),
            Slots = ReadSlots(ref reader),
        };
        return reader.IsValid && record.IsValid ? record : null;
    }

    private static void WriteAddress(string address, ByteWriter writer)
    {
        writer.WriteVarUInt64((ulong)address.Length);
        writer.WriteBytes(Encoding.ASCII.GetBytes(address));
    }

    private static string ReadAddress(ref ByteReader reader)
    {
        ulong length = reader.ReadVarUInt64();
        // Beyond the bound the text is read as nothing, and nothing is no address.
        return length <= GossipLimits.MaxAddressBytes ? Encoding.ASCII.GetString(reader.ReadBytes((int)length)) : "\n";
    }

    // Gaps, lengths and the difference to the epoch before: about three bytes a range, also when every slot is one of its own.
    private static void WriteSlots(IReadOnlyList<SlotRange> slots, ByteWriter writer)
    {
        writer.WriteVarUInt64((ulong)slots.Count);
        (int next, ulong epoch) = (0, 0);
        foreach (SlotRange range in slots)
        {
            writer.WriteVarUInt64((ulong)(range.First - next));
            writer.WriteVarUInt64((ulong)(range.Last - range.First));
            writer.WriteVarUInt64(ZigZag.Encode(unchecked((long)(range.Epoch - epoch))));
            (next, epoch) = (range.Last + 1, range.Epoch);
        }
    }

    private static SlotRange[] ReadSlots(ref ByteReader reader)
    {
        ulong count = reader.ReadVarUInt64();
        const int LeastBytes = 3;
        if (count > (ulong)(reader.Remaining / LeastBytes) || count > Store.Slot.Count) return [new SlotRange(-1, -1, 0)]; // not valid
        var slots = new SlotRange[count];
        (ulong next, ulong epoch) = (0, 0);
        for (int i = 0; i < slots.Length; i++)
        {
            ulong first = next + Math.Min(reader.ReadVarUInt64(), Store.Slot.Count);
            ulong last = first + Math.Min(reader.ReadVarUInt64(), Store.Slot.Count);
            epoch = unchecked(epoch + (ulong)ZigZag.Decode(reader.ReadVarUInt64()));
            if (last >= Store.Slot.Count) return [new SlotRange(-1, -1, 0)];
            slots[i] = new SlotRange((int)first, (int)last, epoch);
            next = last + 1;
        }

        return slots;
    }
}
