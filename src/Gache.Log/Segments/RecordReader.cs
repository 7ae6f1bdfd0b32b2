using System.Buffers;
using System.Buffers.Binary;

namespace Gache.Log;

/// <summary>Reads records of one segment through a window, so that a segment of any size costs little memory.</summary>
internal sealed class RecordReader(Segment segment, int windowBytes) : IDisposable
{
    private byte[] window = ArrayPool<byte>.Shared.Rent(windowBytes);
    private long windowStart;
    private int windowLength;

    /// <summary>True if a whole and right record begins at <paramref name="offset"/>.</summary>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="record">Its bytes from the checksum on; valid until the next read.</param>
    public bool TryRead(long offset, out ReadOnlySpan<byte> record)
    {
        record = default;
        ReadOnlySpan<byte> head = Bytes(offset, Record.HeadSize);
        if (head.Length < Record.HeadSize) return false;
        uint typeAndLength = BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]);
        if (Record.TypeOf(typeAndLength) == RecordType.None) return false;
        ReadOnlySpan<byte> bytes = Bytes(offset, Record.SizeWithBody(Record.BodyLengthOf(typeAndLength)));
        if (!Record.IsWhole(segment.RecordSeed, offset, bytes, out int size)) return false;
        record = bytes[..size];
        return true;
    }

    /// <summary>The bytes from <paramref name="offset"/> on, fewer where the segment ends; valid until the next read.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        count = (int)Math.Clamp(segment.Size - offset, 0, count);
        if (offset < windowStart || offset + count > windowStart + windowLength) Load(offset, count);
        return window.AsSpan((int)(offset - windowStart), Math.Min(count, (int)(windowStart + windowLength - offset)));
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(window);
        window = [];
    }

    private void Load(long offset, int count)
    {
        if (count > window.Length)
        {
            ArrayPool<byte>.Shared.Return(window);
            window = ArrayPool<byte>.Shared.Rent(count);
        }

        int wanted = (int)Math.Min(segment.Size - offset, window.Length);
        windowStart = offset;
        windowLength = segment.File.Read(offset, window.AsSpan(0, wanted));
    }
}
