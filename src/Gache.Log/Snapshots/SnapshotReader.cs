using System.Buffers;
using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>Reads a snapshot: its head, its chunks one after another, or its raw bytes for a transfer.</summary>
public sealed class SnapshotReader : IDisposable
{
    private readonly IFile file;
    private byte[] buffer = [];
    private long offset;
    private ulong chunks;
    private bool isAtEnd;

    private SnapshotReader(IFile file, SnapshotHead head, long offset) => (this.file, Head, this.offset) = (file, head, offset);

    /// <summary>What the snapshot is.</summary>
    public SnapshotHead Head { get; }

    /// <summary>The file.</summary>
    public string Path => file.Path;

    /// <summary>The file's length in bytes, all of which a transfer sends.</summary>
    public long Length => file.Length;

    /// <summary>Opens a snapshot and checks its head.</summary>
    /// <exception cref="SnapshotDamagedException">The head is not what was written.</exception>
    /// <exception cref="LogFormatException">The format is unknown.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public static SnapshotReader Open(IFileSystem files, string path)
    {
        IFile file = files.Open(path);
        try
        {
            SnapshotHead head = ReadHead(file, out long end);
            return new SnapshotReader(file, head, end);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next chunk and checks it; false after the last one, when the snapshot is known to be whole.</summary>
    /// <param name="chunk">The bytes as they were appended; valid until the next call.</param>
    /// <exception cref="SnapshotDamagedException">The bytes are not what was written, or the file ends too early or too late.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public bool TryReadChunk(out ReadOnlyMemory<byte> chunk)
    {
        chunk = default;
        if (isAtEnd) return false;
        Span<byte> frame = stackalloc byte[SnapshotChunk.HeadBytes];
        if (file.Read(offset, frame) < frame.Length) throw Damaged("the file ends before its trailer");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        isAtEnd = length == SnapshotChunk.Trailer;
        int count = isAtEnd ? SnapshotChunk.TrailerBytes - SnapshotChunk.HeadBytes : (int)Math.Min(length, SnapshotChunk.MaxBytes + 1);
        if (count is 0 or > SnapshotChunk.MaxBytes) throw Damaged($"a chunk of {length} bytes");
        if (buffer.Length < count) Replace(ArrayPool<byte>.Shared.Rent(count));
        Memory<byte> bytes = buffer.AsMemory(0, count);
        if (file.Read(offset + SnapshotChunk.HeadBytes, bytes.Span) < count) throw Damaged("the file ends within a chunk");
        if (SnapshotChunk.Checksum(offset, length, bytes.Span) != BinaryPrimitives.ReadUInt32LittleEndian(frame[sizeof(uint)..]))
            throw Damaged("a chunk does not match its checksum");
        if (isAtEnd) CheckTrailer(bytes.Span);
        offset += SnapshotChunk.HeadBytes + count;
        chunks++;
        if (!isAtEnd) chunk = bytes;
        return !isAtEnd;
    }

    /// <summary>Reads all that is left and checks it.</summary>
    /// <exception cref="SnapshotDamagedException">The bytes are not what was written.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public void Verify()
    {
        while (TryReadChunk(out _))
        {
        }
    }

    /// <summary>Reads bytes of the file as they are, for a transfer; they are checked by the receiver.</summary>
    /// <returns>How many were read; fewer than asked only at the file's end.</returns>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public int ReadRaw(long from, Span<byte> into) => file.Read(from, into);

    /// <inheritdoc/>
    public void Dispose()
    {
        Replace([]);
        file.Dispose();
    }

    private static SnapshotHead ReadHead(IFile file, out long end)
    {
        Span<byte> prefix = stackalloc byte[SnapshotHead.PrefixBytes];
        if (file.Read(0, prefix) < prefix.Length) throw new SnapshotDamagedException(file.Path, 0, "the file is shorter than a head");
        var reader = new ByteReader(prefix);
        if (!reader.ReadBytes(SnapshotHead.Magic.Length).SequenceEqual(SnapshotHead.Magic))
            throw new SnapshotDamagedException(file.Path, 0, "the file is no snapshot");
        uint version = reader.ReadUInt32();
        if (version != SnapshotHead.Version) throw new LogFormatException(file.Path, version, SnapshotHead.Version);
        uint length = reader.ReadUInt32();
        if (length > SnapshotHead.MaxBodyBytes) throw new SnapshotDamagedException(file.Path, 0, $"a head of {length} bytes");
        end = prefix.Length + length + sizeof(uint);
        byte[] bytes = new byte[end];
        if (file.Read(0, bytes) < bytes.Length) throw new SnapshotDamagedException(file.Path, 0, "the file ends within its head");
        Span<byte> covered = bytes.AsSpan(0, bytes.Length - sizeof(uint));
        if (Crc32C.Compute(covered) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(covered.Length))
            || !SnapshotHead.TryDecodeBody(covered[prefix.Length..], out SnapshotHead head))
        {
            throw new SnapshotDamagedException(file.Path, 0, "the head does not match its checksum");
        }

        return head;
    }

    private void CheckTrailer(ReadOnlySpan<byte> trailer)
    {
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(trailer);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(trailer[8..]);
        if (count != chunks || length != (ulong)file.Length) throw Damaged($"{count} chunks in {length} bytes were written, and {chunks} in {file.Length} are there");
    }

    private SnapshotDamagedException Damaged(string what) => new(file.Path, offset, what);

    private void Replace(byte[] other)
    {
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = other;
    }
}
