using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>An encoded command on a key whose key and value are still to be written: a caller reads them from a socket into their places.</summary>
/// <remarks>What stands in the places is undefined until then. The bytes are as <see cref="Command"/> encodes them.</remarks>
public readonly struct CommandDraft
{
    private readonly int keyOffset;
    private readonly int keyLength;
    private readonly int valueOffset;
    private readonly ReadOnlyMemory<byte> idempotencyKey;

    /// <summary>Makes room for a key and a value.</summary>
    /// <param name="kind">Set, put, delete, add or touch.</param>
    /// <param name="keyLength">1 to <see cref="StoreLimits.MaxKeyBytes"/>.</param>
    /// <param name="valueLength">0 to <see cref="StoreLimits.MaxValueBytes"/>; 0 for all but set and put.</param>
    /// <param name="options">What else is asked for; null for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is outside <see cref="StoreLimits"/>.</exception>
    public CommandDraft(CommandKind kind, int keyLength, int valueLength, WriteOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyLength, StoreLimits.MaxKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(valueLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueLength, kind.HasValue() ? StoreLimits.MaxValueBytes : 0);

        int optionsLength = options?.EncodedLength ?? 0;
        this.keyLength = keyLength;
        keyOffset = options is null ? Command.KeyOffset : Command.KeyOffsetWithOptions;
        valueOffset = keyOffset + keyLength + optionsLength;
        Bytes = GC.AllocateUninitializedArray<byte>(valueOffset + valueLength);
        Bytes[0] = (byte)kind;
        Bytes[1] = options is null ? Command.Format : Command.FormatWithOptions;
        Command.StampTime(Bytes, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(Command.HeadBytes), (ushort)keyLength);
        if (options is null) return;
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(Command.KeyOffset), (ushort)optionsLength);
        options.WriteTo(Bytes.AsSpan(keyOffset + keyLength, optionsLength));
        idempotencyKey = options.IdempotencyKey;
    }

    /// <summary>The whole command, in an array of exactly its size.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where the key belongs.</summary>
    public Span<byte> Key => Bytes.AsSpan(keyOffset, keyLength);

    /// <summary>Where the value belongs.</summary>
    public Memory<byte> Value => Bytes.AsMemory(valueOffset);

    /// <summary>Key and value stand in their places: a keyed write gets its mark, once, before it is proposed. Any other stays as it is.</summary>
    public void Seal()
    {
        if (idempotencyKey.IsEmpty) return;
        Span<byte> mark = Bytes.AsSpan(valueOffset - IdempotencyMark.Bytes, IdempotencyMark.Bytes);
        IdempotencyMark.WriteIdentity(Key, idempotencyKey.Span, mark);
        IdempotencyMark.WriteFingerprint(Bytes, mark[IdempotencyMark.IdentityBytes..]);
    }
}
