using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>The records in a chunk of a slot's stream: key, and revision and value, or that there is no such key any more.</summary>
/// <remarks>Little-endian: key length (2), flags (1), revision (8), value length (4), key, value.</remarks>
internal static class MovedRecords
{
    public const int HeadBytes = 2 + 1 + 8 + 4;

    private const byte RemovedFlag = 1;
    private const byte IdempotencyFlag = 2; // the key is an idempotency record's

    public static int LengthOf(int keyLength, int valueLength) => HeadBytes + keyLength + valueLength;

    public static int Write(Span<byte> target, ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, bool isRemoved, bool isIdempotency)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)key.Length);
        target[2] = (byte)((isRemoved ? RemovedFlag : 0) | (isIdempotency ? IdempotencyFlag : 0));
        BinaryPrimitives.WriteUInt64LittleEndian(target[3..], revision);
        BinaryPrimitives.WriteUInt32LittleEndian(target[11..], (uint)value.Length);
        key.CopyTo(target[HeadBytes..]);
        value.CopyTo(target[(HeadBytes + key.Length)..]);
        return HeadBytes + key.Length + value.Length;
    }

    /// <summary>Takes the first record off.</summary>
    /// <returns>False if the bytes are none, or the key is not of this slot.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> records, int slot, out MovedRecord record)
    {
        record = default;
        if (records.Length < HeadBytes) return false;
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(records);
        uint valueLength = BinaryPrimitives.ReadUInt32LittleEndian(records[11..]);
        if (keyLength is 0 or > StoreLimits.MaxKeyBytes || valueLength > StoreLimits.MaxValueBytes || records[2] > (RemovedFlag | IdempotencyFlag)) return false;
        if (records.Length < HeadBytes + keyLength + (int)valueLength) return false;
        ReadOnlySpan<byte> key = records.Slice(HeadBytes, keyLength);
        ReadOnlySpan<byte> value = records.Slice(HeadBytes + keyLength, (int)valueLength);
        bool isRemoved = (records[2] & RemovedFlag) != 0;
        bool isIdempotency = (records[2] & IdempotencyFlag) != 0;
        record = new MovedRecord(key, BinaryPrimitives.ReadUInt64LittleEndian(records[3..]), value, isRemoved, isIdempotency);
        records = records[(HeadBytes + keyLength + (int)valueLength)..];
        if (isRemoved && !value.IsEmpty) return false;
        return isIdempotency
            ? key.Length == IdempotencyRecord.KeyBytes && (isRemoved || IdempotencyRecord.IsOne(key, value))
            : Slot.Of(key) == slot && (isRemoved || record.Revision > 0);
    }
}

/// <summary>One record of a slot's stream.</summary>
internal readonly ref struct MovedRecord(ReadOnlySpan<byte> key, ulong revision, ReadOnlySpan<byte> value, bool isRemoved, bool isIdempotency)
{
    public ReadOnlySpan<byte> Key { get; } = key;

    public ulong Revision { get; } = revision;

    public ReadOnlySpan<byte> Value { get; } = value;

    public bool IsRemoved { get; } = isRemoved;

    public bool IsIdempotency { get; } = isIdempotency;
}
