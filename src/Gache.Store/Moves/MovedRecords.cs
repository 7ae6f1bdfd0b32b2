using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>The records in a chunk of a slot's stream: key, and revision and value, or that there is no such key any more.</summary>
/// <remarks>Little-endian: key length (2), flags (1), revision (8), value length (4), with its flag the time when it is over (8, the slot's), key,
/// value.</remarks>
internal static class MovedRecords
{
    public const int HeadBytes = 2 + 1 + 8 + 4;

    private const byte RemovedFlag = 1;
    private const byte IdempotencyFlag = 2; // the key is an idempotency record's

    private const byte ExpiresFlag = 4;
    private const byte KnownFlags = RemovedFlag | IdempotencyFlag | ExpiresFlag;

    public static int LengthOf(int keyLength, int valueLength, ulong due) => HeadBytes + (due == 0 ? 0 : sizeof(ulong)) + keyLength + valueLength;

    public static int Write(Span<byte> target, ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, bool isRemoved, bool isIdempotency, ulong due)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)key.Length);
        target[2] = (byte)((isRemoved ? RemovedFlag : 0) | (isIdempotency ? IdempotencyFlag : 0) | (due == 0 ? 0 : ExpiresFlag));
        BinaryPrimitives.WriteUInt64LittleEndian(target[3..], revision);
        BinaryPrimitives.WriteUInt32LittleEndian(target[11..], (uint)value.Length);
        int at = HeadBytes;
        if (due != 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], due);
            at += sizeof(ulong);
        }

        key.CopyTo(target[at..]);
        value.CopyTo(target[(at + key.Length)..]);
        return at + key.Length + value.Length;
    }

    /// <summary>Takes the first record off.</summary>
    /// <returns>False if the bytes are none, or the key is not of this slot.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> records, int slot, out MovedRecord record)
    {
        record = default;
        if (records.Length < HeadBytes) return false;
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(records);
        uint valueLength = BinaryPrimitives.ReadUInt32LittleEndian(records[11..]);
        if (keyLength is 0 or > StoreLimits.MaxKeyBytes || valueLength > StoreLimits.MaxValueBytes || (records[2] & ~KnownFlags) != 0) return false;
        bool expires = (records[2] & ExpiresFlag) != 0;
        int keyAt = HeadBytes + (expires ? sizeof(ulong) : 0);
        if (records.Length < keyAt + keyLength + (int)valueLength) return false;
        ulong due = expires ? BinaryPrimitives.ReadUInt64LittleEndian(records[HeadBytes..]) : 0;
        ReadOnlySpan<byte> key = records.Slice(keyAt, keyLength);
        ReadOnlySpan<byte> value = records.Slice(keyAt + keyLength, (int)valueLength);
        bool isRemoved = (records[2] & RemovedFlag) != 0;
        bool isIdempotency = (records[2] & IdempotencyFlag) != 0;
        record = new MovedRecord(key, BinaryPrimitives.ReadUInt64LittleEndian(records[3..]), value, isRemoved, isIdempotency, due);
        records = records[(keyAt + keyLength + (int)valueLength)..];
        if (expires && (due == 0 || isRemoved || isIdempotency)) return false;
        if (isRemoved && !value.IsEmpty) return false;
        return isIdempotency
            ? key.Length == IdempotencyRecord.KeyBytes && (isRemoved || IdempotencyRecord.IsOne(key, value))
            : Slot.Of(key) == slot && (isRemoved || record.Revision > 0);
    }
}

/// <summary>One record of a slot's stream.</summary>
internal readonly ref struct MovedRecord(ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, bool isRemoved, bool isIdempotency, ulong due)
{
    public ReadOnlySpan<byte> Key { get; } = key;

    public ulong Revision { get; } = revision;

    public ReadOnlySpan<byte> Value { get; } = value;

    public bool IsRemoved { get; } = isRemoved;

    public bool IsIdempotency { get; } = isIdempotency;

    /// <summary>When it is over, in the slot's time; 0: never.</summary>
    public ulong Due { get; } = due;
}
