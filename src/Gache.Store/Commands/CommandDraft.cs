using System.Buffers.Binary;

namespace Gache.Store;

/// <summary>An encoded set, put or delete whose key and value are still to be written: a caller reads them from a socket into their places.</summary>
/// <remarks>What stands in the places is undefined until then. The bytes are as <see cref="Command"/> encodes them.</remarks>
public readonly struct CommandDraft
{
    private readonly int keyLength;

    /// <summary>Makes room for a key and a value.</summary>
    /// <param name="kind">Set, put or delete.</param>
    /// <param name="keyLength">1 to <see cref="StoreLimits.MaxKeyBytes"/>.</param>
    /// <param name="valueLength">0 to <see cref="StoreLimits.MaxValueBytes"/>; 0 for a delete.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is outside <see cref="StoreLimits"/>.</exception>
    public CommandDraft(CommandKind kind, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyLength, StoreLimits.MaxKeyBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(valueLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(valueLength, kind == CommandKind.Delete ? 0 : StoreLimits.MaxValueBytes);

        this.keyLength = keyLength;
        Bytes = GC.AllocateUninitializedArray<byte>(Command.KeyOffset + keyLength + valueLength);
        Bytes[0] = (byte)kind;
        Bytes[1] = Command.Format;
        Command.StampTime(Bytes, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(Command.HeadBytes), (ushort)keyLength);
    }

    /// <summary>The whole command, in an array of exactly its size.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where the key belongs.</summary>
    public Span<byte> Key => Bytes.AsSpan(Command.KeyOffset, keyLength);

    /// <summary>Where the value belongs.</summary>
    public Memory<byte> Value => Bytes.AsMemory(Command.KeyOffset + keyLength);
}
