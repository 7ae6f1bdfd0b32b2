using System.Buffers.Binary;
using Gache.Primitives;

namespace Gache.Log;

/// <summary>Writes a snapshot chunk by chunk into a file that gets its name only when all of it is in stable storage.</summary>
public sealed class SnapshotWriter : IDisposable
{
    /// <summary>The most bytes in one chunk.</summary>
    public const int MaxChunkBytes = SnapshotChunk.MaxBytes;

    // A sync of much at once holds up the log's, which waits for the same disk.
    private const long SyncEveryBytes = 1 << 20;

    private readonly SnapshotFolder folder;
    private readonly SnapshotHead head;
    private readonly ByteWriter buffer = new(MaxChunkBytes + SnapshotChunk.HeadBytes);
    private readonly string temporaryPath;
    private IFile? file;
    private long syncedBytes;
    private ulong chunks;

    internal SnapshotWriter(SnapshotFolder folder, SnapshotHead head)
    {
        (this.folder, this.head) = (folder, head);
        temporaryPath = folder.NewTemporaryPath(head.Mark, out file);
        head.EncodeTo(buffer);
        try
        {
            WriteBuffer();
        }
        catch (FileFailedException)
        {
            Abandon(); // nobody else knows of the file: it would stay, open, on a disk that is full
            throw;
        }
    }

    /// <summary>How many bytes the file has so far.</summary>
    public long Length { get; private set; }

    /// <summary>Writes one chunk, which a reader gets back as it is.</summary>
    /// <param name="chunk">1 to <see cref="MaxChunkBytes"/> bytes.</param>
    /// <exception cref="FileFailedException">The disk failed or is full; <see cref="Abandon"/> then.</exception>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        Invariant.Holds(chunk.Length is > 0 and <= MaxChunkBytes, $"a chunk of {chunk.Length} bytes");
        WriteFramed((uint)chunk.Length, chunk);
        chunks++;
        if (Length - syncedBytes < SyncEveryBytes) return;
        file!.Sync();
        syncedBytes = Length;
    }

    /// <summary>Ends the file, syncs it, gives it its name and syncs the folder: from now on the snapshot exists.</summary>
    /// <exception cref="FileFailedException">The disk failed or is full; <see cref="Abandon"/> then.</exception>
    public SnapshotFile Finish()
    {
        Invariant.Holds(file is not null, "a snapshot is finished twice");
        Span<byte> trailer = stackalloc byte[SnapshotChunk.TrailerBytes - SnapshotChunk.HeadBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(trailer, chunks);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[8..], (ulong)(Length + SnapshotChunk.TrailerBytes));
        WriteFramed(SnapshotChunk.Trailer, trailer);
        file.Sync();
        file.Dispose();
        file = null;
        return folder.Publish(temporaryPath, head.Mark);
    }

    /// <summary>Gives up: the file is closed and deleted.</summary>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public void Abandon()
    {
        if (file is null) return;
        Dispose();
        folder.DeleteTemporary(temporaryPath);
    }

    /// <summary>Closes the file; one that was not finished is left over, until <see cref="SnapshotFolder.DeleteLeftovers"/>.</summary>
    public void Dispose()
    {
        file?.Dispose();
        file = null;
    }

    private void WriteFramed(uint length, ReadOnlySpan<byte> bytes)
    {
        buffer.WriteUInt32(length);
        buffer.WriteUInt32(SnapshotChunk.Checksum(Length, length, bytes));
        buffer.WriteBytes(bytes);
        WriteBuffer();
    }

    private void WriteBuffer()
    {
        Invariant.Holds(file is not null, "a snapshot is written after its end");
        file.Write(Length, buffer.Written);
        Length += buffer.Length;
        buffer.Clear();
    }
}
