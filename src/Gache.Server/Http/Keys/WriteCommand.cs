using System.Buffers.Binary;

namespace Gache.Server.Http.Keys;

/// <summary>What a write does to its key.</summary>
internal enum WriteKind : byte
{
    /// <summary>POST.</summary>
    Set = 1,

    /// <summary>PUT.</summary>
    Put = 2,

    /// <summary>DELETE.</summary>
    Delete = 3,
}

/// <summary>A command being made: the value is read from the socket straight into its place.</summary>
internal readonly record struct WriteCommand(byte[] Bytes, int ValueOffset)
{
    private const int TimeOffset = 2;
    private const int KeyLengthOffset = TimeOffset + sizeof(ulong);
    private const int KeyOffset = KeyLengthOffset + sizeof(ushort);

    /// <summary>Where the value belongs.</summary>
    public Memory<byte> Value => Bytes.AsMemory(ValueOffset);

    /// <summary>Makes a command with room for a value of <paramref name="valueLength"/> bytes.</summary>
    public static WriteCommand Begin(WriteKind kind, KeyPath key, int valueLength)
    {
        WriteCommand command = Allocate(kind, key.Length, valueLength);
        key.CopyTo(command.Bytes.AsSpan(KeyOffset, key.Length));
        return command;
    }

    /// <summary>Makes a command with room for a value of <paramref name="valueLength"/> bytes.</summary>
    public static WriteCommand Begin(WriteKind kind, ReadOnlySpan<byte> key, int valueLength)
    {
        WriteCommand command = Allocate(kind, key.Length, valueLength);
        key.CopyTo(command.Bytes.AsSpan(KeyOffset, key.Length));
        return command;
    }

    private static WriteCommand Allocate(WriteKind kind, int keyLength, int valueLength)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(KeyOffset + keyLength + valueLength);
        bytes[0] = (byte)kind;
        bytes[1] = 1;
        bytes.AsSpan(TimeOffset, sizeof(ulong)).Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(KeyLengthOffset), (ushort)keyLength);
        return new WriteCommand(bytes, KeyOffset + keyLength);
    }
}
