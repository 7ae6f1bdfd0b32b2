using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Writes records into one chunk.</summary>
internal ref struct ChunkWriter(Span<byte> chunk)
{
    private readonly Span<byte> chunk = chunk;
    private int position = ChunkFormat.HeadBytes;
    private int continued;
    private int records;

    public readonly bool IsEmpty => position == ChunkFormat.HeadBytes;

    /// <summary>Goes on with the value that the previous chunk could not hold.</summary>
    /// <returns>How many of its bytes fitted.</returns>
    public int Continue(ReadOnlySpan<byte> rest)
    {
        continued = WriteAsMuchAsFits(rest);
        return continued;
    }

    /// <summary>Writes a record, if it fits; of a large value only as much as fits.</summary>
    /// <param name="slot">The record's slot.</param>
    /// <param name="record">The record.</param>
    /// <param name="written">How many bytes of the value were written.</param>
    public bool TryAppend(int slot, Record record, out int written)
    {
        ReadOnlySpan<byte> key = record.Key;
        ReadOnlySpan<byte> value = record.Value;
        written = 0;
        ulong due = record.Due;
        int needed = ChunkFormat.RecordHeadBytes + (due == 0 ? 0 : sizeof(ulong)) + key.Length + (record.IsLarge ? 0 : value.Length);
        if (chunk.Length - position < needed) return false;

        Span<byte> head = chunk.Slice(position, ChunkFormat.RecordHeadBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)slot);
        BinaryPrimitives.WriteUInt16LittleEndian(head[ChunkFormat.FlagsOffset..], due == 0 ? (ushort)0 : ChunkFormat.ExpiresFlag);
        BinaryPrimitives.WriteUInt16LittleEndian(head[ChunkFormat.KeyLengthOffset..], (ushort)key.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(head[ChunkFormat.RevisionOffset..], record.Revision);
        BinaryPrimitives.WriteUInt32LittleEndian(head[ChunkFormat.ValueLengthOffset..], (uint)value.Length);
        position += head.Length;
        if (due != 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(chunk[position..], due);
            position += sizeof(ulong);
        }

        key.CopyTo(chunk[position..]);
        position += key.Length;
        written = WriteAsMuchAsFits(value);
        records++;
        return true;
    }

    /// <summary>Writes the head.</summary>
    /// <returns>The chunk's length in bytes.</returns>
    public readonly int Finish(uint number)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[ChunkFormat.NumberOffset..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[ChunkFormat.ContinuedOffset..], (uint)continued);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[ChunkFormat.RecordsOffset..], (uint)records);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk, Crc32C.Compute(chunk[ChunkFormat.ChecksumBytes..position]));
        return position;
    }

    private int WriteAsMuchAsFits(ReadOnlySpan<byte> bytes)
    {
        int fitting = Math.Min(bytes.Length, chunk.Length - position);
        bytes[..fitting].CopyTo(chunk[position..]);
        position += fitting;
        return fitting;
    }
}
