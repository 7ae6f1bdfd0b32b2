using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>A record of an answer: found by its window of time and identity, kept until that window is ten minutes past.</summary>
/// <remarks>
/// Key: the window's number (4 bytes, big-endian, so that the oldest stand first), the identity (16). Revision: the answer's. Value: the
/// fingerprint (8), the status with the highest bit for "existed" (1), and the number (8) if it is not 0; or, with the next bit, a transaction's answer.
/// </remarks>
internal static class IdempotencyRecord
{
    /// <summary>How long an answer is kept at least, in milliseconds of store time.</summary>
    public const ulong KeptMilliseconds = 10 * 60 * 1_000;

    /// <summary>Records are forgotten by windows of so many milliseconds: so an answer is kept at most that much longer, and needs no second
    /// index to be found when its time is over.</summary>
    public const ulong WindowMilliseconds = 100 * 1_000;

    public const int KeyBytes = sizeof(uint) + IdempotencyMark.IdentityBytes;

    /// <summary>Before the number, or the answer.</summary>
    public const int HeadBytes = IdempotencyMark.FingerprintBytes + 1;

    /// <summary>The longest value of a write on one key.</summary>
    public const int MaxPlainValueBytes = HeadBytes + sizeof(long);

    private const int MaxValueBytes = HeadBytes + TxnCommand.MaxBytes + 2;

    private const byte ExistedFlag = 0x80;
    private const byte BodyFlag = 0x40; // what a transaction answered follows

    /// <summary>The window of a moment in a slot's time.</summary>
    public static uint WindowOf(ulong slotTime) => (uint)(slotTime / WindowMilliseconds);

    /// <summary>The moment in a slot's time from which a window's records are forgotten.</summary>
    public static ulong EndOf(uint window) => (window + 1ul) * WindowMilliseconds + KeptMilliseconds;

    /// <summary>The oldest window whose records are kept at a moment in a slot's time.</summary>
    public static uint FirstKeptAt(ulong slotTime) => slotTime < KeptMilliseconds ? 0 : WindowOf(slotTime - KeptMilliseconds);

    public static uint WindowIn(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadUInt32BigEndian(key);

    /// <summary>Whether bytes from another shard, or of a snapshot, can be a record.</summary>
    public static bool IsOne(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        key.Length == KeyBytes && value.Length >= HeadBytes
        && ((value[HeadBytes - 1] & BodyFlag) != 0 ? value.Length <= MaxValueBytes : value.Length is HeadBytes or MaxPlainValueBytes);

    public static void WriteKey(Span<byte> key, uint window, ReadOnlySpan<byte> identity)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, window);
        identity.CopyTo(key[sizeof(uint)..]);
    }

    public static ReadOnlySpan<byte> WriteValue(Span<byte> value, ReadOnlySpan<byte> fingerprint, in ApplyResult answer)
    {
        fingerprint.CopyTo(value);
        value[HeadBytes - 1] = (byte)((byte)answer.Status | (answer.Existed ? ExistedFlag : 0) | (answer.Body is null ? 0 : BodyFlag));
        if (answer.Body is { } body)
        {
            body.CopyTo(value[HeadBytes..]);
            return value;
        }

        if (answer.Number == 0) return value[..HeadBytes];
        BinaryPrimitives.WriteInt64LittleEndian(value[HeadBytes..], answer.Number);
        return value[..MaxPlainValueBytes];
    }

    public static ReadOnlySpan<byte> FingerprintIn(ReadOnlySpan<byte> value) => value[..IdempotencyMark.FingerprintBytes];

    public static ApplyResult AnswerIn(Record record)
    {
        ReadOnlySpan<byte> value = record.Value[IdempotencyMark.FingerprintBytes..];
        var status = (ApplyStatus)(value[0] & ~(ExistedFlag | BodyFlag));
        bool existed = (value[0] & ExistedFlag) != 0;
        if ((value[0] & BodyFlag) != 0) return new ApplyResult(status, record.Revision, existed, 0, value[1..].ToArray());
        long number = value.Length > 1 ? BinaryPrimitives.ReadInt64LittleEndian(value[1..]) : 0;
        return new ApplyResult(status, record.Revision, existed, number);
    }
}
