using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gache.Bench.Bare.Limit;

/// <summary>A file that batches are written to, each synced; when it is full it begins anew, as nobody reads it.</summary>
internal sealed partial class LogFile
{
    private const int FileBytes = 64 << 20;
    private const int StepBytes = 256 << 10;

    private readonly SafeFileHandle file;
    private long position;

    /// <summary>Makes it, zero-filled ahead as the server's is: a sync then writes no metadata.</summary>
    public LogFile(string path)
    {
        file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
        byte[] zeros = new byte[StepBytes];
        for (long at = 0; at < FileBytes; at += StepBytes) RandomAccess.Write(file, zeros, at);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Writes a batch and returns when it is in stable storage.</summary>
    public void Write(ReadOnlySpan<byte> batch)
    {
        if (position + batch.Length > FileBytes) position = 0;
        RandomAccess.Write(file, batch, position);
        position += batch.Length;
        if (DataSync(file) != 0) throw new IOException($"the sync failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(SafeFileHandle file);
}
