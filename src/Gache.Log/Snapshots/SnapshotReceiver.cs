using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>Takes a snapshot's file from another node piece by piece; it gets its name only when it is whole and in stable storage.</summary>
public sealed class SnapshotReceiver : IDisposable
{
    private const long SyncEveryBytes = 8 << 20;

    private readonly SnapshotFolder folder;
    private readonly SnapshotMark mark;
    private readonly string temporaryPath;
    private IFile? file;
    private long unsyncedBytes;

    internal SnapshotReceiver(SnapshotFolder folder, SnapshotMark mark, long length)
    {
        (this.folder, this.mark, Length) = (folder, mark, length);
        temporaryPath = folder.NewTemporaryPath(mark, out file);
    }

    /// <summary>How many bytes the whole file has.</summary>
    public long Length { get; }

    /// <summary>How many bytes from the begin are there; the next piece starts here.</summary>
    public long Received { get; private set; }

    /// <summary>Writes the next piece.</summary>
    /// <param name="offset">Its place in the file. At most <see cref="Received"/>: a piece that came twice is harmless.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>False, and nothing is written, if bytes between are missing or the piece goes beyond <see cref="Length"/>.</returns>
    /// <exception cref="FileFailedException">The disk failed or is full; <see cref="Abandon"/> then.</exception>
    public bool TryWrite(long offset, ReadOnlySpan<byte> bytes)
    {
        Invariant.Holds(file is not null, "a snapshot is received after its end");
        if (offset < 0 || offset > Received || offset + bytes.Length > Length) return false;
        file.Write(offset, bytes);
        Received = Math.Max(Received, offset + bytes.Length);
        unsyncedBytes += bytes.Length;
        if (unsyncedBytes < SyncEveryBytes) return true;
        file.Sync();
        unsyncedBytes = 0;
        return true;
    }

    /// <summary>Checks every byte, syncs the file, gives it its name and syncs the folder: from now on the snapshot exists.</summary>
    /// <exception cref="SnapshotDamagedException">What came is not what the sender wrote, or another snapshot; <see cref="Abandon"/> then.</exception>
    /// <exception cref="FileFailedException">The disk failed or is full; <see cref="Abandon"/> then.</exception>
    public SnapshotFile Finish()
    {
        Invariant.Holds(file is not null, "a received snapshot is finished twice");
        file.Sync();
        using (SnapshotReader reader = SnapshotReader.Open(folder.Files, temporaryPath))
        {
            if (reader.Head.Mark.Index != mark.Index || reader.Head.Mark.Term != mark.Term || reader.Head.Shard != folder.Shard)
                throw new SnapshotDamagedException(temporaryPath, 0, $"it holds entry {reader.Head.Mark.Index} of shard {reader.Head.Shard}, and {mark.Index} was announced");
            reader.Verify();
        }

        file.Dispose();
        file = null;
        return folder.Publish(temporaryPath, mark);
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
}
