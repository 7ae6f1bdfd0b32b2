using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gache.Store;

/// <summary>What a write asks for beside its key and value. A write that asks for nothing has none, and then costs nothing.</summary>
/// <remarks>
/// Little-endian: which parts follow (2 bytes), then the parts in this order: the revisions of If-Match (count 2, 8 each), those of
/// If-None-Match (count 2, 8 each), what to add with its bounds (8, 8, 8), for how long the key
/// is to be there in milliseconds (8), the identity and the
/// fingerprint of a keyed write (16, 8: <see cref="IdempotencyMark"/>), which are the last, so that they stand right before the value.
/// </remarks>
public sealed record WriteOptions
{
    /// <summary>What must hold of the key's present revision; null: nothing.</summary>
    public Condition? Condition { get; init; }

    /// <summary>What an addition adds; null for all other kinds.</summary>
    public CounterTerms? Counter { get; init; }

    /// <summary>For how long the key is to be there, in milliseconds: 1 to <see cref="MaxTtlMilliseconds"/>; 0: for ever.</summary>
    public ulong TtlMilliseconds { get; init; }

    /// <summary>Whether what is left of the key's time stays as it is.</summary>
    public bool KeepsTtl { get; init; }

    /// <summary>The longest time to live: 10 years.</summary>
    public const ulong MaxTtlMilliseconds = 3_650ul * 24 * 60 * 60 * 1_000;

    /// <summary>The Idempotency-Key: 1 to 64 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> IdempotencyKey { get; init; }

    private WriteParts Parts =>
        (Condition is { MustExist: true } ? WriteParts.MustExist : 0)
        | (Condition is { MustNotExist: true } ? WriteParts.MustNotExist : 0)
        | (Condition is { AnyOf: not null } ? WriteParts.AnyOf : 0)
        | (Condition is { NoneOf: not null } ? WriteParts.NoneOf : 0)
        | (Counter is not null ? WriteParts.Counter : 0)
        | (TtlMilliseconds == 0 ? 0 : WriteParts.Ttl)
        | (KeepsTtl ? WriteParts.KeepTtl : 0)
        | (IdempotencyKey.IsEmpty ? 0 : WriteParts.Idempotency);

    /// <summary>How many bytes they take in a command.</summary>
    internal int EncodedLength => sizeof(ushort) + LengthOf(Condition?.AnyOf) + LengthOf(Condition?.NoneOf) + (Counter is null ? 0 : CounterBytes)
        + (TtlMilliseconds == 0 ? 0 : sizeof(ulong)) + (IdempotencyKey.IsEmpty ? 0 : IdempotencyMark.Bytes);

    /// <summary>Encodes them; <paramref name="to"/> has exactly <see cref="EncodedLength"/> bytes. A keyed write's mark is written when the command
    /// is sealed.</summary>
    internal void WriteTo(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)Parts);
        to = to[sizeof(ushort)..];
        Write(ref to, Condition?.AnyOf);
        Write(ref to, Condition?.NoneOf);
        if (Counter is { } counter)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, counter.Delta);
            BinaryPrimitives.WriteInt64LittleEndian(to[sizeof(long)..], counter.Min);
            BinaryPrimitives.WriteInt64LittleEndian(to[(2 * sizeof(long))..], counter.Max);
            to = to[CounterBytes..];
        }

        if (TtlMilliseconds != 0) BinaryPrimitives.WriteUInt64LittleEndian(to, TtlMilliseconds);
    }

    internal const int CounterBytes = 3 * sizeof(long);

    private static int LengthOf(ReadOnlyMemory<ulong>? revisions) => revisions is { } some ? sizeof(ushort) + some.Length * sizeof(ulong) : 0;

    private static void Write(ref Span<byte> to, ReadOnlyMemory<ulong>? revisions)
    {
        if (revisions is not { } some) return;
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)some.Length);
        to = to[sizeof(ushort)..];
        MemoryMarshal.AsBytes(some.Span).CopyTo(to);
        to = to[(some.Length * sizeof(ulong))..];
    }
}

/// <summary>Which parts encoded <see cref="WriteOptions"/> have.</summary>
[Flags]
internal enum WriteParts : ushort
{
    MustExist = 1,
    MustNotExist = 2,
    AnyOf = 4,
    NoneOf = 8,
    Counter = 16,
    Idempotency = 32,
    Ttl = 64,
    KeepTtl = 128,

    /// <summary>The write waits for its condition: where that does not hold, the answer is not kept for repeats, as there will be another try.</summary>
    Try = 256,
}

/// <summary>Encoded <see cref="WriteOptions"/> as they stand in a command's bytes.</summary>
internal readonly ref struct WriteOptionsView
{
    private const WriteParts Known = WriteParts.MustExist | WriteParts.MustNotExist | WriteParts.AnyOf | WriteParts.NoneOf | WriteParts.Counter | WriteParts.Idempotency | WriteParts.Ttl
        | WriteParts.KeepTtl | WriteParts.Try;

    public ConditionView Condition { get; private init; }

    public CounterTerms? Counter { get; private init; }

    /// <summary>For how long the key is to be there, in milliseconds; 0: for ever.</summary>
    public ulong Ttl { get; private init; }

    public bool KeepsTtl { get; private init; }

    /// <summary>Whether another try follows, should the condition not hold.</summary>
    public bool IsTry { get; private init; }

    /// <summary>The mark of a keyed write; else empty.</summary>
    public ReadOnlySpan<byte> Idempotency { get; private init; }

    /// <summary>Reads them.</summary>
    /// <returns>False if they are cut off, or have a part that this version does not know: going on would diverge.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out WriteOptionsView options)
    {
        options = default;
        if (bytes.Length < sizeof(ushort)) return false;
        var parts = (WriteParts)BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        bytes = bytes[sizeof(ushort)..];
        if ((parts & ~Known) != 0) return false;
        ReadOnlySpan<byte> noneOf = default;
        if (!TryTakeRevisions((parts & WriteParts.AnyOf) != 0, ref bytes, out ReadOnlySpan<byte> anyOf)
            || !TryTakeRevisions((parts & WriteParts.NoneOf) != 0, ref bytes, out noneOf)) return false;
        CounterTerms? counter = null;
        if ((parts & WriteParts.Counter) != 0 && !TryTakeCounter(ref bytes, out counter)) return false;
        ulong ttl = 0;
        if ((parts & WriteParts.Ttl) != 0)
        {
            if (bytes.Length < sizeof(ulong)) return false;
            ttl = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            bytes = bytes[sizeof(ulong)..];
            if (ttl is 0 or > WriteOptions.MaxTtlMilliseconds || (parts & WriteParts.KeepTtl) != 0) return false;
        }

        ReadOnlySpan<byte> mark = default;
        if ((parts & WriteParts.Idempotency) != 0)
        {
            if (bytes.Length != IdempotencyMark.Bytes) return false;
            mark = bytes;
        }
        else if (!bytes.IsEmpty)
        {
            return false;
        }

        options = new WriteOptionsView
        {
            Condition = new ConditionView(
                (parts & WriteParts.MustExist) != 0, (parts & WriteParts.MustNotExist) != 0, (parts & WriteParts.AnyOf) != 0, anyOf, noneOf),
            Counter = counter,
            Ttl = ttl,
            KeepsTtl = (parts & WriteParts.KeepTtl) != 0,
            IsTry = (parts & WriteParts.Try) != 0,
            Idempotency = mark,
        };
        return true;
    }

    private static bool TryTakeCounter(ref ReadOnlySpan<byte> bytes, out CounterTerms? counter)
    {
        counter = null;
        if (bytes.Length < WriteOptions.CounterBytes) return false;
        counter = new CounterTerms(
            BinaryPrimitives.ReadInt64LittleEndian(bytes),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[(2 * sizeof(long))..]));
        bytes = bytes[WriteOptions.CounterBytes..];
        return true;
    }

    private static bool TryTakeRevisions(bool areThere, scoped ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> revisions)
    {
        revisions = default;
        if (!areThere) return true;
        if (bytes.Length < sizeof(ushort)) return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes) * sizeof(ulong);
        if (bytes.Length < sizeof(ushort) + length) return false;
        revisions = bytes.Slice(sizeof(ushort), length);
        bytes = bytes[(sizeof(ushort) + length)..];
        return true;
    }
}
