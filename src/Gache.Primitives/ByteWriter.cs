using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gache.Primitives;

/// <summary>Writes little-endian fields into a buffer that grows and is reused; the counterpart of <see cref="ByteReader"/>.</summary>
public sealed class ByteWriter(int capacity = 256) : IBufferWriter<byte>
{
    private byte[] buffer = new byte[capacity];

    /// <summary>How many bytes stand written.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    /// <summary>The bytes written so far; valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => buffer.AsMemory(0, Length);

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets what was written, and the buffer too if it grew beyond <paramref name="keepAtMost"/> bytes.</summary>
    public void ClearAndTrim(int keepAtMost)
    {
        Length = 0;
        if (buffer.Length > keepAtMost) buffer = new byte[keepAtMost];
    }

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value) => Next(1)[0] = value;

    /// <summary>Writes a boolean as one byte, 0 or 1.</summary>
    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Writes an unsigned 16-bit number.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Next(2), value);

    /// <summary>Writes an unsigned 32-bit number.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(4), value);

    /// <summary>Writes an unsigned 64-bit number.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Next(8), value);

    /// <summary>Writes an unsigned 128-bit number.</summary>
    public void WriteUInt128(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Next(16), value);

    /// <summary>Writes an unsigned number in as few bytes as it needs, 1 to 10: seven bits a byte, the lowest first.</summary>
    public void WriteVarUInt64(ulong value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        WriteByte((byte)value);
    }

    /// <summary>Writes a 32-bit length and the bytes.</summary>
    public void WriteBlob(ReadOnlySpan<byte> bytes)
    {
        WriteUInt32((uint)bytes.Length);
        WriteBytes(bytes);
    }

    /// <summary>Writes a 32-bit length and the text as UTF-8.</summary>
    public void WriteText(string text)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        WriteUInt32((uint)count);
        Encoding.UTF8.GetBytes(text, Next(count));
    }

    /// <summary>Writes the bytes as they are.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Next(bytes.Length));

    /// <summary>Writes a 32-bit number over what stands at <paramref name="position"/> (a length or checksum known only later).</summary>
    public void PatchUInt32(int position, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(position, sizeof(uint)), value);

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return buffer.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Next(int count)
    {
        Reserve(count);
        Span<byte> span = buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    private void Reserve(int count)
    {
        if (buffer.Length - Length < count) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + count));
    }
}
