using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Takes a snapshot's chunks over into an empty table, and believes none of their bytes unchecked.</summary>
internal sealed class SnapshotRestore(SnapshotHead head, SlotTable table, NativeLedger ledger) : IDisposable
{
    private readonly byte[] lastKey = new byte[StoreLimits.MaxKeyBytes];
    private int lastKeyLength;
    private int lastSlot;
    private ulong lastRevision;
    private ulong lastDue;
    private uint chunks;
    private nint unfinished;
    private int unfinishedRead;

    private ReadOnlySpan<byte> LastKey => lastKey.AsSpan(0, lastKeyLength);

    public void Take(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < ChunkFormat.HeadBytes) throw Damaged($"it has {chunk.Length} bytes");
        if (Crc32C.Compute(chunk[ChunkFormat.ChecksumBytes..]) != BinaryPrimitives.ReadUInt32LittleEndian(chunk)) throw Damaged("its checksum is wrong");

        var reader = new ByteReader(chunk[ChunkFormat.ChecksumBytes..]);
        uint number = reader.ReadUInt32();
        if (number != chunks) throw Damaged($"it is numbered {number}");
        uint continued = reader.ReadUInt32();
        uint records = reader.ReadUInt32();

        if (continued > (uint)reader.Remaining) throw Damaged("a value goes on beyond it");
        if ((continued > 0) != (unfinished != 0)) throw Damaged("it does not go on where the one before ended");
        if (continued > 0) ContinueValue(reader.ReadBytes((int)continued));
        for (uint i = 0; i < records; i++) TakeRecord(ref reader);
        if (reader.Remaining > 0) throw Damaged($"{reader.Remaining} bytes follow its last record");
        chunks++;
    }

    public SnapshotHead Finish()
    {
        if (unfinished != 0) throw Damaged("it is missing, and the last value with it");
        if (table.KeyCount != head.KeyCount) throw new SnapshotDamagedException($"the snapshot held {table.KeyCount} keys instead of {head.KeyCount}");
        return head;
    }

    public void Dispose()
    {
        if (unfinished != 0) new LargeBytes(unfinished).Release(ledger);
        unfinished = 0;
    }

    private void TakeRecord(ref ByteReader reader)
    {
        if (unfinished != 0) throw Damaged("a record follows a value that is not at its end");

        int slot = reader.ReadUInt16();
        int flags = reader.ReadUInt16();
        int keyLength = reader.ReadUInt16();
        ulong revision = reader.ReadUInt64();
        uint valueLength = reader.ReadUInt32();
        ulong due = (flags & ChunkFormat.ExpiresFlag) != 0 ? reader.ReadUInt64() : 0;
        ReadOnlySpan<byte> key = reader.ReadBytes(keyLength);
        if (!reader.IsValid) throw Damaged("a record is cut off");
        bool expires = flags == ChunkFormat.ExpiresFlag && due != 0 && Trees.IsOfKeys(slot);
        if (flags != 0 && !expires) throw Damaged($"a record has the unknown flags {flags:x4}");
        if (keyLength is 0 or > StoreLimits.MaxKeyBytes || slot >= Trees.Count || (Trees.IsOfKeys(slot) && Slot.Of(key) != slot)) throw Damaged($"a key of {keyLength} bytes is not one of slot {slot}");
        if (valueLength > StoreLimits.MaxValueBytes) throw Damaged($"a value has {valueLength} bytes");
        if ((revision == 0 && Trees.IsOfKeys(slot)) || revision > head.Revision) throw Damaged($"a record has revision {revision} of {head.Revision}");
        if (slot < lastSlot || (slot == lastSlot && key.SequenceCompareTo(LastKey) <= 0)) throw Damaged($"a key of slot {slot} is out of order");

        lastSlot = slot;
        lastRevision = revision;
        lastDue = due;
        key.CopyTo(lastKey);
        lastKeyLength = keyLength;
        if (keyLength + (int)valueLength > Record.InlineBytesMax)
        {
            unfinished = LargeBytes.Allocate((int)valueLength, ledger).Address;
            unfinishedRead = 0;
            ContinueValue(reader.ReadBytes(Math.Min((int)valueLength, reader.Remaining)));
            return;
        }

        ReadOnlySpan<byte> value = reader.ReadBytes((int)valueLength);
        if (!reader.IsValid) throw Damaged("a value is cut off");
        if (!Trees.IsOfKeys(slot) && !IdempotencyRecord.IsOne(key, value)) throw Damaged("an idempotency record cannot be one");
        table.Set(slot, key, revision, value, due);
    }

    private void ContinueValue(ReadOnlySpan<byte> bytes)
    {
        var value = new LargeBytes(unfinished);
        if (bytes.Length > value.Length - unfinishedRead) throw Damaged("a value is longer than its record says");
        bytes.CopyTo(value.Bytes[unfinishedRead..]);
        unfinishedRead += bytes.Length;
        if (unfinishedRead < value.Length) return;

        value.Seal();
        if (!Trees.IsOfKeys(lastSlot) && !IdempotencyRecord.IsOne(LastKey, value.Bytes)) throw Damaged("an idempotency record cannot be one");
        unfinished = 0; // the table's now
        table.Set(lastSlot, LastKey, lastRevision, value, lastDue);
    }

    private SnapshotDamagedException Damaged(string what) => new($"chunk {chunks} of the snapshot at index {head.AppliedIndex} is damaged: {what}");
}
