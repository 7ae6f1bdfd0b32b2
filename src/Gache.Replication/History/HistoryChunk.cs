using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Gache.Store;

namespace Gache.Replication;

/// <summary>A piece of a history: records behind one another, written by one thread and read by any; in memory, later perhaps in the file.</summary>
/// <remarks>Little-endian: kind (1), slot (2), key length (2), value length (4), epoch (8), revision (8), key, value.</remarks>
internal sealed class HistoryChunk
{
    /// <summary>Stands for "something about the slot's owner changed" in the place of a <see cref="KeyChangeKind"/>; without key and value.</summary>
    public const byte SlotMark = 0x10;

    private const int Freed = int.MinValue;

    private readonly HistorySpace space;
    private byte[]? memory;
    private int length;
    private int readers; // of the memory; Freed once that is gone
    private ulong hash;
    private volatile bool isStored;
    private volatile bool isGone;
    private volatile bool isLost;

    /// <summary>Makes an empty chunk.</summary>
    /// <param name="space">Where its bytes are from.</param>
    /// <param name="capacity">How many it can have.</param>
    /// <param name="start">Where it begins in the history, in bytes.</param>
    /// <param name="before">The last revision before its first record.</param>
    public HistoryChunk(HistorySpace space, int capacity, long start, ulong before)
    {
        (this.space, Capacity, Start, Before) = (space, capacity, start, before);
        memory = space.Take(capacity);
    }

    /// <summary>How many bytes it takes, of memory or of the file.</summary>
    public int Capacity { get; }

    /// <summary>Where it begins in the history, in bytes.</summary>
    public long Start { get; }

    /// <summary>The last revision before its first record.</summary>
    public ulong Before { get; }

    /// <summary>How many bytes are written.</summary>
    public int Length => Volatile.Read(ref length);

    /// <summary>How many more there is room for.</summary>
    public int Free => Capacity - length;

    /// <summary>Whether it is part of the history no more.</summary>
    public bool IsGone => isGone;

    /// <summary>Whether the file did not give it back as it was.</summary>
    public bool IsLost => isLost;

    /// <summary>Whether it takes memory.</summary>
    public bool IsInMemory => Volatile.Read(ref readers) >= 0;

    /// <summary>Gives the bytes, which stay as they are until the lease ends; false if the chunk is not part of the history any more, or lost.</summary>
    public bool TryLease(out HistoryLease lease)
    {
        int seen = Volatile.Read(ref readers);
        while (seen >= 0)
        {
            int found = Interlocked.CompareExchange(ref readers, seen + 1, seen);
            if (found == seen)
            {
                lease = new HistoryLease(this, memory!, isBorrowed: false);
                return true;
            }

            seen = found;
        }

        return TryReadBack(out lease);
    }

    /// <summary>Ends a lease of the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref readers) == 0 && (isStored || isGone)) TryFree();
    }

    /// <summary>It is in the file.</summary>
    /// <param name="written">All of it, under a lease; with the last lease memory lets it go.</param>
    public void Stored(ReadOnlySpan<byte> written)
    {
        hash = XxHash3.HashToUInt64(written);
        isStored = true;
    }

    /// <summary>It is part of the history no more.</summary>
    public void Retire()
    {
        isGone = true;
        TryFree();
    }

    public void Append(byte kind, int slot, ulong epoch, ulong revision, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Span<byte> record = memory.AsSpan(length);
        record[0] = kind;
        BinaryPrimitives.WriteUInt16LittleEndian(record[1..], (ushort)slot);
        BinaryPrimitives.WriteUInt16LittleEndian(record[3..], (ushort)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[5..], value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record[9..], epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(record[17..], revision);
        key.CopyTo(record[HistoryRecord.HeadBytes..]);
        value.CopyTo(record[(HistoryRecord.HeadBytes + key.Length)..]);
        Volatile.Write(ref length, length + HistoryRecord.HeadBytes + key.Length + value.Length);
    }

    // Who is gone is so before its place in the file may be written again: bytes that are not the chunk's mean a loss only where it is not gone.
    private bool TryReadBack(out HistoryLease lease)
    {
        lease = default;
        if (!isStored || isGone || isLost || space.File is not { } file) return false;
        byte[] borrowed = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> bytes = borrowed.AsSpan(0, length);
        if (file.TryRead(Start, bytes) && XxHash3.HashToUInt64(bytes) == hash)
        {
            lease = new HistoryLease(this, borrowed, isBorrowed: true);
            return true;
        }

        ArrayPool<byte>.Shared.Return(borrowed);
        if (isGone) return false;
        isLost = true;
        space.NoteLoss();
        return false;
    }

    private void TryFree()
    {
        if (Interlocked.CompareExchange(ref readers, Freed, 0) != 0) return; // whoever reads it last does it
        space.GiveBack(memory!);
        memory = null;
    }
}

/// <summary>A chunk's bytes for as long as they are looked at.</summary>
internal readonly struct HistoryLease(HistoryChunk chunk, byte[] bytes, bool isBorrowed) : IDisposable
{
    /// <summary>All that is written by now.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, chunk.Length);

    /// <summary>The record at a place.</summary>
    public HistoryRecord At(int at)
    {
        ReadOnlySpan<byte> head = bytes.AsSpan(at, HistoryRecord.HeadBytes);
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(head[3..]);
        int valueLength = BinaryPrimitives.ReadInt32LittleEndian(head[5..]);
        return new HistoryRecord
        {
            Kind = head[0],
            Slot = BinaryPrimitives.ReadUInt16LittleEndian(head[1..]),
            Epoch = BinaryPrimitives.ReadUInt64LittleEndian(head[9..]),
            Revision = BinaryPrimitives.ReadUInt64LittleEndian(head[17..]),
            Key = bytes.AsSpan(at + HistoryRecord.HeadBytes, keyLength),
            Value = bytes.AsSpan(at + HistoryRecord.HeadBytes + keyLength, valueLength),
        };
    }

    public void Dispose()
    {
        if (isBorrowed) ArrayPool<byte>.Shared.Return(bytes);
        else chunk.Release();
    }
}

/// <summary>One record of a history.</summary>
internal readonly ref struct HistoryRecord
{
    public const int HeadBytes = 1 + 2 + 2 + 4 + 8 + 8;

    public byte Kind { get; init; }

    public int Slot { get; init; }

    public ulong Epoch { get; init; }

    public ulong Revision { get; init; }

    public ReadOnlySpan<byte> Key { get; init; }

    public ReadOnlySpan<byte> Value { get; init; }

    /// <summary>Where the next record begins, behind this one.</summary>
    public int Bytes => HeadBytes + Key.Length + Value.Length;
}

/// <summary>The chunks of a history at a moment, the oldest first.</summary>
/// <param name="List">The chunks.</param>
/// <param name="Trimmed">All changes after this revision are in them (or came after they were looked at).</param>
internal sealed record HistoryChunks(HistoryChunk[] List, ulong Trimmed)
{
    /// <summary>Those behind the last one that was lost.</summary>
    /// <param name="top">The last revision.</param>
    public HistoryChunks WithoutLost(ulong top)
    {
        int last = Array.FindLastIndex(List, chunk => chunk.IsLost);
        if (last < 0) return this;
        return new HistoryChunks(List[(last + 1)..], last + 1 < List.Length ? List[last + 1].Before : top);
    }
}
