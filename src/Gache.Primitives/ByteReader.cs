using System.Buffers.Binary;
using System.Text;

namespace Gache.Primitives;

/// <summary>Reads little-endian fields from bytes that may be wrong: it never reads past the end, and remembers that it would have.</summary>
/// <remarks>Check <see cref="IsValid"/> once after the last field; until then a bad input yields zeros and empty spans.</remarks>
public ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>False once a field lay outside the bytes given.</summary>
    public bool IsValid { get; private set; } = true;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => rest.Length;

    /// <summary>Reads one byte.</summary>
    public byte ReadByte() => Take(1) is { Length: 1 } b ? b[0] : (byte)0;

    /// <summary>Reads a boolean stored as one byte, 0 or 1; anything else is invalid.</summary>
    public bool ReadBoolean()
    {
        byte value = ReadByte();
        if (value > 1) IsValid = false;
        return value == 1;
    }

    /// <summary>Reads an unsigned 16-bit number.</summary>
    public ushort ReadUInt16() => Take(2) is { Length: 2 } b ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

    /// <summary>Reads an unsigned 32-bit number.</summary>
    public uint ReadUInt32() => Take(4) is { Length: 4 } b ? BinaryPrimitives.ReadUInt32LittleEndian(b) : 0;

    /// <summary>Reads an unsigned 64-bit number.</summary>
    public ulong ReadUInt64() => Take(8) is { Length: 8 } b ? BinaryPrimitives.ReadUInt64LittleEndian(b) : 0;

    /// <summary>Reads an unsigned 128-bit number.</summary>
    public UInt128 ReadUInt128() => Take(16) is { Length: 16 } b ? BinaryPrimitives.ReadUInt128LittleEndian(b) : UInt128.Zero;

    /// <summary>Reads an unsigned number of 1 to 10 bytes, seven bits a byte, the lowest first; one beyond 64 bits is invalid.</summary>
    public ulong ReadVarUInt64()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = ReadByte();
            if (shift == 63 && next > 1) break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        IsValid = false;
        return 0;
    }

    /// <summary>Reads a 32-bit length and that many bytes.</summary>
    public ReadOnlySpan<byte> ReadBlob() => Take(ReadUInt32());

    /// <summary>Reads a 32-bit length and that many bytes of UTF-8.</summary>
    public string ReadText() => Encoding.UTF8.GetString(ReadBlob());

    /// <summary>Reads <paramref name="count"/> bytes as they are.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count) => Take((uint)count);

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > (uint)rest.Length)
        {
            IsValid = false;
            rest = default;
            return default;
        }

        ReadOnlySpan<byte> taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }
}
