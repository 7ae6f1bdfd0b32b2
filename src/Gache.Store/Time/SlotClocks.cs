using System.Buffers.Binary;
using System.IO.Hashing;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>
/// A slot's own time: its shard's store time with an offset, so that a slot can move to a shard with another time without a record being
/// touched; and the moment at which a slot that was handed over stopped.
/// </summary>
/// <remarks>Replicated; only slots that moved with records that have a time are in it.</remarks>
internal sealed class SlotClocks
{
    private readonly Dictionary<int, long> offsets = []; // milliseconds
    private readonly Dictionary<int, ulong> stopped = [];

    /// <summary>The sum of the hashes of all that is not as in the beginning.</summary>
    public UInt128 Checksum { get; private set; }

    public bool AreUntouched => offsets.Count == 0 && stopped.Count == 0;

    /// <summary>A slot's time.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="shardTime">The shard's store time, in milliseconds.</param>
    public ulong TimeOf(int slot, ulong shardTime)
    {
        if (AreUntouched) return shardTime;
        return stopped.TryGetValue(slot, out ulong at) ? at : Moved(shardTime, offsets.GetValueOrDefault(slot));
    }

    /// <summary>Whether the slot was handed over: what is due in it never comes, however often one looks.</summary>
    public bool StandsStill(int slot) => stopped.ContainsKey(slot);

    /// <summary>When a slot's time will have reached a moment, in its shard's time.</summary>
    public ulong ShardTimeOf(int slot, ulong slotTime)
    {
        long offset = offsets.GetValueOrDefault(slot);
        return offset > 0 && (ulong)offset > slotTime ? 0 : Moved(slotTime, -offset); // 0: before this shard's time began
    }

    /// <summary>The slot is handed over: its time stands still, and goes on from there at its new owner.</summary>
    public void Stop(int slot, ulong shardTime) => Set(slot, offsets.GetValueOrDefault(slot), TimeOf(slot, shardTime));

    /// <summary>The slot's time is this one now.</summary>
    public void Start(int slot, ulong slotTime, ulong shardTime) => Set(slot, unchecked((long)(slotTime - shardTime)), null);

    /// <summary>The slot is gone, or begins anew.</summary>
    public void Forget(int slot) => Set(slot, 0, null);

    public void Reset()
    {
        offsets.Clear();
        stopped.Clear();
        Checksum = 0;
    }

    public void WriteTo(ByteWriter writer)
    {
        int[] slots = [.. offsets.Keys.Union(stopped.Keys).Order()];
        writer.WriteUInt32((uint)slots.Length);
        foreach (int slot in slots)
        {
            writer.WriteUInt16((ushort)slot);
            writer.WriteUInt64((ulong)offsets.GetValueOrDefault(slot));
            writer.WriteBoolean(stopped.TryGetValue(slot, out ulong at));
            writer.WriteUInt64(at);
        }
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; false for anything else.</summary>
    public bool TryReadFrom(ref ByteReader reader)
    {
        Reset();
        uint count = reader.ReadUInt32();
        if (count > Slot.Count) return false;
        for (uint i = 0; i < count && reader.IsValid; i++)
        {
            int slot = reader.ReadUInt16();
            long offset = (long)reader.ReadUInt64();
            bool isStopped = reader.ReadBoolean();
            ulong at = reader.ReadUInt64();
            if (slot >= Slot.Count) return false;
            Set(slot, offset, isStopped ? at : null);
        }

        return reader.IsValid;
    }

    private void Set(int slot, long offset, ulong? stoppedAt)
    {
        UInt128 before = HashOf(slot);
        if (offset == 0) offsets.Remove(slot);
        else offsets[slot] = offset;
        if (stoppedAt is { } at) stopped[slot] = at;
        else stopped.Remove(slot);
        Checksum += HashOf(slot) - before;
    }

    private UInt128 HashOf(int slot)
    {
        bool isStopped = stopped.TryGetValue(slot, out ulong at);
        if (!isStopped && !offsets.ContainsKey(slot)) return 0;
        Span<byte> image = stackalloc byte[sizeof(long) + 1 + sizeof(ulong)];
        BinaryPrimitives.WriteInt64LittleEndian(image, offsets.GetValueOrDefault(slot));
        image[sizeof(long)] = isStopped ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(image[(sizeof(long) + 1)..], at);
        return XxHash128.HashToUInt128(image, slot);
    }

    private static ulong Moved(ulong time, long offset) => unchecked(time + (ulong)offset);
}
