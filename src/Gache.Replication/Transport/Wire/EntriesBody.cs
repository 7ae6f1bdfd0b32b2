using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication.Transport.Wire;

/// <summary>The entries of an append: term (8), kind (1), payload with its length (4). Their indexes follow from the append's own.</summary>
internal static class EntriesBody
{
    /// <summary>The most entries in one message; far above the largest batch (1,024), and a bound on what a sender can make us allocate.</summary>
    public const int MaxEntries = 16 * 1024;

    /// <summary>
    /// Payloads are copied into arrays of at most this size (a larger payload has its own). One array a batch would be fewer allocations, but
    /// a single entry that stays in a cache would keep the whole batch alive; one array an entry costs 24 bytes and an allocation for each.
    /// Below 85,000 bytes, so that they are no large objects, which only a full collection frees.
    /// </summary>
    private const int SlabLength = 64 * 1024;

    private const int HeadLength = 8 + 1 + sizeof(uint);

    public static long SizeOf(ReadOnlySpan<Entry> entries)
    {
        Invariant.Holds(entries.Length <= MaxEntries, $"a message with {entries.Length} entries; at most {MaxEntries} are allowed");
        long size = (long)entries.Length * HeadLength;
        foreach (ref readonly Entry entry in entries) size += entry.Payload.Length;
        return size;
    }

    public static void Write(ByteWriter writer, ulong previousIndex, ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly Entry entry in entries)
        {
            Invariant.Holds(entry.Index == ++previousIndex, $"entry {entry.Index} is sent in the place of entry {previousIndex}");
            writer.WriteUInt64(entry.Term);
            writer.WriteByte((byte)entry.Kind);
            writer.WriteBlob(entry.Payload.Span);
        }
    }

    public static bool TryRead(ref ByteReader reader, ulong previousIndex, uint count, out Entry[] entries)
    {
        entries = [];
        if (count == 0) return true;
        if (count > MaxEntries || previousIndex > ulong.MaxValue - count) return false;
        if (!TryMeasure(reader, count, out int payloadBytes)) return false;

        entries = new Entry[count];
        Memory<byte> slab = default;
        for (int i = 0; i < entries.Length; i++)
        {
            ulong term = reader.ReadUInt64();
            var kind = (EntryKind)reader.ReadByte();
            ReadOnlySpan<byte> payload = reader.ReadBlob();
            entries[i] = new Entry(previousIndex + (uint)i + 1, term, kind, Keep(payload, ref slab, payloadBytes));
            payloadBytes -= payload.Length;
        }

        return true;
    }

    // A copy of the reader walks ahead: nothing is allocated for entries that are not all there.
    private static bool TryMeasure(ByteReader ahead, uint count, out int payloadBytes)
    {
        payloadBytes = 0;
        for (uint i = 0; i < count && ahead.IsValid; i++)
        {
            ahead.ReadUInt64();
            if (ahead.ReadByte() is < (byte)EntryKind.Command or > (byte)EntryKind.Configuration) return false;
            payloadBytes += ahead.ReadBlob().Length;
        }

        return ahead.IsValid;
    }

    private static ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> payload, ref Memory<byte> slab, int bytesToCome)
    {
        if (payload.Length > slab.Length)
        {
            if (payload.Length >= SlabLength) return payload.ToArray();
            slab = GC.AllocateUninitializedArray<byte>(Math.Min(SlabLength, bytesToCome));
        }

        Memory<byte> kept = slab[..payload.Length];
        payload.CopyTo(kept.Span);
        slab = slab[payload.Length..];
        return kept;
    }
}
