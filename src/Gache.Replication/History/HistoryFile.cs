using Gache.Log;

namespace Gache.Replication;

/// <summary>Holds the older part of a history: a ring on disk, of as many bytes as the history may have, that no start ever reads.</summary>
/// <remarks>
/// Nothing in it is synced, and nothing depends on it: what cannot be written stays in memory, and what cannot be read back as it was is as good as
/// trimmed. A byte of the history stands at its offset modulo the length, so the places of what is still there never meet.
/// </remarks>
/// <param name="create">Makes the file, when it is first needed.</param>
/// <param name="background">Writes it, one chunk after the other.</param>
/// <param name="bytes">Its length.</param>
/// <param name="failed">Told once, on the background, when it will not be used any more.</param>
internal sealed class HistoryFile(Func<IFile> create, IBackground background, long bytes, Action<FileFailedException> failed) : IDisposable
{
    private volatile IFile? file;
    private volatile bool isOver;
    private long length;

    /// <summary>Whether more may be stored.</summary>
    public bool IsUsable => !isOver;

    /// <summary>How long it is now, in bytes; about.</summary>
    public long Length => Interlocked.Read(ref length);

    /// <summary>Writes a chunk that is not appended to any more, and lets its memory go.</summary>
    public void Store(HistoryChunk chunk) => background.Run(() =>
    {
        if (isOver || !chunk.TryLease(out HistoryLease lease)) return;
        try
        {
            file ??= create();
            int first = FirstPart(chunk.Start, lease.Bytes.Length);
            file.Write(chunk.Start % bytes, lease.Bytes[..first]);
            if (first < lease.Bytes.Length) file.Write(0, lease.Bytes[first..]);
            Interlocked.Exchange(ref length, Math.Max(length, first < lease.Bytes.Length ? bytes : (chunk.Start % bytes) + first));
            chunk.Stored(lease.Bytes);
        }
        catch (FileFailedException e)
        {
            isOver = true;
            failed(e);
        }
        finally
        {
            lease.Dispose();
        }
    });

    /// <summary>Reads what stands at a place of the history, whatever that is by now.</summary>
    /// <returns>False if it cannot be read.</returns>
    public bool TryRead(long start, Span<byte> into)
    {
        if (file is not { } source) return false;
        int first = FirstPart(start, into.Length);
        try
        {
            return source.Read(start % bytes, into[..first]) == first && (first == into.Length || source.Read(0, into[first..]) == into.Length - first);
        }
        catch (Exception e) when (e is FileFailedException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Gives its space back to the disk; nothing that is stored may be part of the history any more. The next chunk makes it anew.</summary>
    public void Close() => background.Run(() =>
    {
        file?.Dispose();
        file = null;
        Interlocked.Exchange(ref length, 0);
    });

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        isOver = true;
        file?.Dispose();
    }

    private int FirstPart(long start, int length) => (int)Math.Min(length, bytes - (start % bytes));
}
