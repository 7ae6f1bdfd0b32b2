using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>What a comparison asks.</summary>
internal enum TxnComparison : byte
{
    Revision,
    Exists,
    Missing,
}

/// <summary>A comparison as it stands in a transaction's bytes.</summary>
internal readonly record struct TxnCompareAt(TxnComparison Asks, int KeyAt, int KeyLength, ulong Revision);

/// <summary>An operation as it stands in a transaction's bytes.</summary>
internal readonly record struct TxnOperationAt(TxnOperationKind Kind, bool KeepsTtl, int KeyAt, int KeyLength, int ValueAt, int ValueLength, ulong Ttl, CounterTerms Counter);

/// <summary>A transaction as it stands in a command's bytes, behind the head (<see cref="TxnCommand"/>).</summary>
internal readonly ref struct TxnView
{
    public const byte KeyedFlag = 1;
    public const byte NeedsSpaceFlag = 2;

    /// <summary>Where the mark of a keyed one stands in the whole command.</summary>
    public const int MarkOffset = Command.HeadBytes + HeadBytes;

    private const int HeadBytes = 1 + sizeof(ushort);

    private readonly ReadOnlySpan<byte> body;

    private TxnView(ReadOnlySpan<byte> body, int slot, ReadOnlySpan<byte> mark, TxnCompareAt[] compare, TxnOperationAt[] then, TxnOperationAt[] otherwise)
    {
        this.body = body;
        (Slot, Compare, Then, Else) = (slot, compare, then, otherwise);
        Mark = mark;
    }

    public int Slot { get; }

    /// <summary>The mark of a keyed one; else empty.</summary>
    public ReadOnlySpan<byte> Mark { get; }

    public TxnCompareAt[] Compare { get; }

    public TxnOperationAt[] Then { get; }

    public TxnOperationAt[] Else { get; }

    public ReadOnlySpan<byte> KeyOf(in TxnCompareAt one) => body.Slice(one.KeyAt, one.KeyLength);

    public ReadOnlySpan<byte> KeyOf(in TxnOperationAt one) => body.Slice(one.KeyAt, one.KeyLength);

    public ReadOnlySpan<byte> ValueOf(in TxnOperationAt one) => body.Slice(one.ValueAt, one.ValueLength);

    /// <summary>Reads the slot and the mark, without the rest.</summary>
    public static bool TryReadMark(ReadOnlySpan<byte> body, out int slot, out ReadOnlySpan<byte> mark)
    {
        slot = 0;
        mark = default;
        if (body.Length < HeadBytes) return false;
        slot = BinaryPrimitives.ReadUInt16LittleEndian(body[1..]);
        if ((body[0] & KeyedFlag) == 0) return true;
        if (body.Length < HeadBytes + IdempotencyMark.Bytes) return false;
        mark = body.Slice(HeadBytes, IdempotencyMark.Bytes);
        return true;
    }

    /// <summary>Reads it.</summary>
    /// <returns>False if it is cut off, beyond its bounds, or names a key of another slot.</returns>
    public static bool TryParse(ReadOnlySpan<byte> body, out TxnView txn)
    {
        txn = default;
        if (body.Length > TxnCommand.MaxCommandBytes || !TryReadMark(body, out int slot, out ReadOnlySpan<byte> mark)) return false;
        if ((body[0] & ~(KeyedFlag | NeedsSpaceFlag)) != 0 || slot >= Gache.Store.Slot.Count) return false;
        var reader = new ByteReader(body[(HeadBytes + mark.Length)..]);
        int compares = reader.ReadByte();
        int thens = reader.ReadByte();
        int elses = reader.ReadByte();
        if (compares > TxnCommand.MaxOperations || thens + elses > TxnCommand.MaxOperations || compares + thens + elses == 0) return false;
        var compare = new TxnCompareAt[compares];
        for (int i = 0; i < compares; i++)
        {
            if (!TryRead(body, slot, ref reader, out compare[i])) return false;
        }

        var then = new TxnOperationAt[thens];
        var otherwise = new TxnOperationAt[elses];
        for (int i = 0; i < thens + elses; i++)
        {
            if (!TryRead(body, slot, ref reader, out TxnOperationAt one)) return false;
            if (i < thens) then[i] = one;
            else otherwise[i - thens] = one;
        }

        txn = new TxnView(body, slot, mark, compare, then, otherwise);
        return reader.IsValid && reader.Remaining == 0;
    }

    private static bool TryRead(ReadOnlySpan<byte> body, int slot, ref ByteReader reader, out TxnCompareAt one)
    {
        byte asks = reader.ReadByte();
        int keyLength = reader.ReadUInt16();
        ulong revision = reader.ReadUInt64();
        int keyAt = body.Length - reader.Remaining;
        one = new TxnCompareAt((TxnComparison)asks, keyAt, keyLength, revision);
        return IsKey(reader.ReadBytes(keyLength), slot) && asks <= (byte)TxnComparison.Missing;
    }

    private static bool TryRead(ReadOnlySpan<byte> body, int slot, ref ByteReader reader, out TxnOperationAt one)
    {
        one = default;
        var kind = (TxnOperationKind)reader.ReadByte();
        bool keepsTtl = reader.ReadBoolean();
        int keyLength = reader.ReadUInt16();
        uint valueLength = reader.ReadUInt32();
        ulong ttl = reader.ReadUInt64();
        CounterTerms counter = kind == TxnOperationKind.Add
            ? new CounterTerms((long)reader.ReadUInt64(), (long)reader.ReadUInt64(), (long)reader.ReadUInt64())
            : default;
        int keyAt = body.Length - reader.Remaining;
        if (!IsKey(reader.ReadBytes(keyLength), slot) || valueLength > StoreLimits.MaxValueBytes) return false;
        reader.ReadBytes((int)valueLength);
        bool isKnown = kind is >= TxnOperationKind.Set and <= TxnOperationKind.Get;
        bool mayLive = kind is TxnOperationKind.Set or TxnOperationKind.Add;
        bool isGood = isKnown && (valueLength == 0 || kind == TxnOperationKind.Set) && (ttl == 0 || (mayLive && !keepsTtl && ttl <= WriteOptions.MaxTtlMilliseconds)) && (!keepsTtl || kind == TxnOperationKind.Set);
        one = new TxnOperationAt(kind, keepsTtl, keyAt, keyLength, keyAt + keyLength, (int)valueLength, ttl, counter);
        return isGood && reader.IsValid;
    }

    private static bool IsKey(ReadOnlySpan<byte> key, int slot) => key.Length is > 0 and <= StoreLimits.MaxKeyBytes && Gache.Store.Slot.Of(key) == slot;
}
