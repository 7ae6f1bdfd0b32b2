using Microsoft.Win32.SafeHandles;

namespace Gache.Log;

internal sealed class RealFile(string path, SafeFileHandle handle) : IFile
{
    public string Path => path;

    public long Length => RandomAccess.GetLength(handle);

    public int Read(long offset, Span<byte> into)
    {
        try
        {
            int read = 0;
            while (read < into.Length)
            {
                int count = RandomAccess.Read(handle, into[read..], offset + read);
                if (count == 0) break;
                read += count;
            }

            return read;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RealFileSystem.Failed(FileOperation.Read, path, e);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RealFileSystem.Failed(FileOperation.Write, path, e);
        }
    }

    public void Sync()
    {
        if (!OperatingSystem.IsLinux())
        {
            RealFileSystem.Try(FileOperation.Sync, path, () =>
            {
                RandomAccess.FlushToDisk(handle);
                return true;
            });
            return;
        }

        int error = NativeCalls.SyncData(handle);
        if (error != 0) throw new FileFailedException(FileOperation.Sync, path, error, NativeCalls.Describe(error));
    }

    public void Dispose() => handle.Dispose();

    /// <summary>Gives a new file its full size at once, so that no later sync has to journal a size.</summary>
    public void Allocate(long sizeBytes)
    {
        if (sizeBytes == 0) return;
        int error = OperatingSystem.IsLinux() ? NativeCalls.Allocate(handle, sizeBytes) : ErrorNumbers.NotSupported;
        if (error == 0) return;
        if (error != ErrorNumbers.NotSupported)
            throw new FileFailedException(FileOperation.Create, path, error, NativeCalls.Describe(error));
        // Some file systems cannot reserve; there a full volume shows itself only when the file is written.
        RealFileSystem.Try(FileOperation.Create, path, () =>
        {
            RandomAccess.SetLength(handle, sizeBytes);
            return true;
        });
    }
}
