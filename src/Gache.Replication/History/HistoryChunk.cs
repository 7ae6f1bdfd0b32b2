using System.Buffers.Binary;
using Gache.Store;

namespace Gache.Replication;

/// <summary>A piece of a history: records behind one another, written by one thread and read by any.</summary>
/// <remarks>Little-endian: kind (1), slot (2), key length (2), value length (4), epoch (8), revision (8), key, value.</remarks>
internal sealed class HistoryChunk(byte[] bytes, long start, ulong before)
{
    public const int HeadBytes = 1 + 2 + 2 + 4 + 8 + 8;

    /// <summary>Stands for "something about the slot's owner changed" in the place of a <see cref="KeyChangeKind"/>; without key and value.</summary>
    public const byte SlotMark = 0x10;

    private const int Retired = int.MinValue;

    private int length;
    private int readers;

    /// <summary>The bytes; those below <see cref="Length"/> never change while the chunk is leased.</summary>
    public byte[] Bytes { get; } = bytes;

    /// <summary>Where it begins in the history, in bytes.</summary>
    public long Start { get; } = start;

    /// <summary>The last revision before its first record.</summary>
    public ulong Before { get; } = before;

    /// <summary>How many bytes are written.</summary>
    public int Length => Volatile.Read(ref length);

    /// <summary>Keeps the bytes as they are until <see cref="Release"/>; false if the chunk is not part of the history any more.</summary>
    public bool TryLease()
    {
        int seen = Volatile.Read(ref readers);
        while (seen >= 0)
        {
            int found = Interlocked.CompareExchange(ref readers, seen + 1, seen);
            if (found == seen) return true;
            seen = found;
        }

        return false;
    }

    public void Release() => Interlocked.Decrement(ref readers);

    /// <summary>Ends it.</summary>
    /// <returns>True if nobody reads it: then its bytes may be used again.</returns>
    public bool Retire() => Interlocked.CompareExchange(ref readers, Retired, 0) == 0;

    public void Append(byte kind, int slot, ulong epoch, ulong revision, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Span<byte> record = Bytes.AsSpan(length);
        record[0] = kind;
        BinaryPrimitives.WriteUInt16LittleEndian(record[1..], (ushort)slot);
        BinaryPrimitives.WriteUInt16LittleEndian(record[3..], (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[5..], value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record[9..], epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(record[17..], revision);
        key.CopyTo(record[HeadBytes..]);
        value.CopyTo(record[(HeadBytes + key.Length)..]);
        Volatile.Write(ref length, length + HeadBytes + key.Length + value.Length);
    }

    /// <summary>The record at a place.</summary>
    public HistoryRecord At(int at)
    {
        ReadOnlySpan<byte> head = Bytes.AsSpan(at, HeadBytes);
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(head[3..]);
        int valueLength = BinaryPrimitives.ReadInt32LittleEndian(head[5..]);
        return new HistoryRecord
        {
            Kind = head[0],
            Slot = BinaryPrimitives.ReadUInt16LittleEndian(head[1..]),
            Epoch = BinaryPrimitives.ReadUInt64LittleEndian(head[9..]),
            Revision = BinaryPrimitives.ReadUInt64LittleEndian(head[17..]),
            Key = Bytes.AsSpan(at + HeadBytes, keyLength),
            Value = Bytes.AsSpan(at + HeadBytes + keyLength, valueLength),
        };
    }
}

/// <summary>One record of a history.</summary>
internal readonly ref struct HistoryRecord
{
    public byte Kind { get; init; }

    public int Slot { get; init; }

    public ulong Epoch { get; init; }

    public ulong Revision { get; init; }

    public ReadOnlySpan<byte> Key { get; init; }

    public ReadOnlySpan<byte> Value { get; init; }

    /// <summary>Where the next record begins, behind this one.</summary>
    public int Bytes => HistoryChunk.HeadBytes + Key.Length + Value.Length;
}

/// <summary>The chunks of a history at a moment, the oldest first.</summary>
/// <param name="List">The chunks.</param>
/// <param name="Trimmed">All changes after this revision are in them (or came after they were looked at).</param>
internal sealed record HistoryChunks(HistoryChunk[] List, ulong Trimmed);
