using Gache.Primitives;

namespace Gache.Store;

/// <summary>What an operation of a transaction does.</summary>
public enum TxnOperationKind : byte
{
    /// <summary>Sets a key.</summary>
    Set = 1,

    /// <summary>Removes a key.</summary>
    Delete = 2,

    /// <summary>Adds to the number that a key holds.</summary>
    Add = 3,

    /// <summary>Reads a key, as the operations before it left it.</summary>
    Get = 4,
}

/// <summary>One operation of a transaction.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">1 to <see cref="StoreLimits.MaxKeyBytes"/>.</param>
/// <param name="Value">Set: the value; else empty.</param>
/// <param name="Counter">Add: what to add; else the default.</param>
/// <param name="TtlMilliseconds">Set, and Add where it creates the key: for how long the key is to be there; 0: for ever.</param>
/// <param name="KeepsTtl">Set: what is left of the key's time stays.</param>
public sealed record TxnOperation(
    TxnOperationKind Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value = default, CounterTerms Counter = default, ulong TtlMilliseconds = 0, bool KeepsTtl = false);

/// <summary>What must hold of a key for a transaction's first branch to be taken.</summary>
/// <param name="Key">1 to <see cref="StoreLimits.MaxKeyBytes"/>.</param>
/// <param name="Revision">The key must be there with this revision; null: not asked for.</param>
/// <param name="Exists">Where no revision is asked for: whether the key must be there, or must not.</param>
public sealed record TxnCompare(ReadOnlyMemory<byte> Key, ulong? Revision, bool Exists = true);

/// <summary>Encodes a transaction: keys of one slot, compared and then changed at one index, all or nothing (http-api: Many keys).</summary>
/// <remarks>
/// Little-endian, behind a command's head: flags (1: whether it is keyed, whether it needs space), slot (2), a keyed one's mark (24), how many
/// comparisons, operations of "then" and of "else" (1 each); then of each comparison: what is asked (1), key length (2), revision (8), key; of
/// each operation: kind (1), whether the time stays (1), key length (2), value length (4), time to live (8), of an addition its terms (24), key, value.
/// </remarks>
/// <param name="Compare">What must hold for <paramref name="Then"/>.</param>
/// <param name="Then">What is done if all of it holds.</param>
/// <param name="Else">What is done otherwise.</param>
/// <param name="IdempotencyKey">1 to 64 bytes, with the slot as its scope; empty for none.</param>
public sealed record TxnCommand(
    IReadOnlyList<TxnCompare> Compare, IReadOnlyList<TxnOperation> Then, IReadOnlyList<TxnOperation> Else, ReadOnlyMemory<byte> IdempotencyKey = default)
{
    /// <summary>The most operations of both branches together, and the most comparisons.</summary>
    public const int MaxOperations = 128;

    /// <summary>The most that a client may send, and the most that is answered, in bytes. Part of the format: apply decides by the latter.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>The most bytes that its reads bring: as JSON six times as many at worst, which one answer between two nodes still carries.</summary>
    public const int MaxAnswerBytes = 2 * 1024 * 1024;

    /// <summary>The largest command, in bytes: what stands beside keys and values takes a little more than as JSON.</summary>
    internal const int MaxCommandBytes = MaxBytes + 16 * 1024;

    /// <summary>The slot of all keys; null if there are keys of several, or none at all.</summary>
    public int? Slot
    {
        get
        {
            int? slot = null;
            foreach (ReadOnlyMemory<byte> key in Keys)
            {
                int own = Gache.Store.Slot.Of(key.Span);
                if (slot is { } other && other != own) return null;
                slot = own;
            }

            return slot;
        }
    }

    /// <summary>Whether it reads, and so may have a long answer.</summary>
    public bool Reads => Then.Concat(Else).Any(one => one.Kind == TxnOperationKind.Get);

    private IEnumerable<ReadOnlyMemory<byte>> Keys => Compare.Select(one => one.Key).Concat(Then.Concat(Else).Select(one => one.Key));

    /// <summary>Encodes it; its time is 0 until it is stamped.</summary>
    /// <exception cref="InvalidOperationException">It is beyond the bounds, or its keys are not of one slot.</exception>
    public byte[] Encode()
    {
        if (Slot is not { } slot || Compare.Count > MaxOperations || Then.Count + Else.Count > MaxOperations)
            throw new InvalidOperationException("a transaction has keys of one slot, and not more operations than it may");
        var writer = new ByteWriter(1_024);
        Command.WriteHead(writer, CommandKind.Txn);
        bool needsSpace = Then.Concat(Else).Any(one => one.Kind is TxnOperationKind.Set or TxnOperationKind.Add);
        writer.WriteByte((byte)((IdempotencyKey.IsEmpty ? 0 : TxnView.KeyedFlag) | (needsSpace ? TxnView.NeedsSpaceFlag : 0)));
        writer.WriteUInt16((ushort)slot);
        if (!IdempotencyKey.IsEmpty) writer.WriteBytes(stackalloc byte[IdempotencyMark.Bytes]);
        writer.WriteByte((byte)Compare.Count);
        writer.WriteByte((byte)Then.Count);
        writer.WriteByte((byte)Else.Count);
        foreach (TxnCompare one in Compare) Write(writer, one);
        foreach (TxnOperation one in Then.Concat(Else)) Write(writer, one);
        if (writer.Length > MaxCommandBytes) throw new InvalidOperationException($"a transaction has at most {MaxBytes} bytes");

        byte[] command = writer.Written.ToArray();
        if (IdempotencyKey.IsEmpty) return command;
        Span<byte> mark = command.AsSpan(TxnView.MarkOffset, IdempotencyMark.Bytes);
        IdempotencyMark.WriteIdentity(slot, IdempotencyKey.Span, mark);
        IdempotencyMark.WriteFingerprint(command, mark[IdempotencyMark.IdentityBytes..]);
        return command;
    }

    private static void Write(ByteWriter writer, TxnCompare one)
    {
        writer.WriteByte((byte)(one.Revision is not null ? TxnComparison.Revision : one.Exists ? TxnComparison.Exists : TxnComparison.Missing));
        writer.WriteUInt16((ushort)one.Key.Length);
        writer.WriteUInt64(one.Revision ?? 0);
        writer.WriteBytes(one.Key.Span);
    }

    private static void Write(ByteWriter writer, TxnOperation one)
    {
        writer.WriteByte((byte)one.Kind);
        writer.WriteBoolean(one.KeepsTtl);
        writer.WriteUInt16((ushort)one.Key.Length);
        writer.WriteUInt32((uint)one.Value.Length);
        writer.WriteUInt64(one.TtlMilliseconds);
        if (one.Kind == TxnOperationKind.Add)
        {
            writer.WriteUInt64((ulong)one.Counter.Delta);
            writer.WriteUInt64((ulong)one.Counter.Min);
            writer.WriteUInt64((ulong)one.Counter.Max);
        }

        writer.WriteBytes(one.Key.Span);
        writer.WriteBytes(one.Value.Span);
    }
}
