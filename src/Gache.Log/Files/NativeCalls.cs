using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gache.Log;

/// <summary>The calls of Linux that the BCL lacks, or makes while swallowing errors (its flush ignores EROFS, EINVAL and ENOTSUP: P3).</summary>
internal static partial class NativeCalls
{
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    // The kernel's value of O_DIRECTORY depends on the architecture.
    private static int Directory => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x10000;

    /// <summary>Returns 0, or the error number; EINTR is tried again.</summary>
    public static int SyncData(SafeFileHandle file) => Repeat(file, static f => FDataSync(f));

    /// <summary>Reserves the bytes and sets the size. Returns 0, or the error number; EINTR is tried again.</summary>
    public static int Allocate(SafeFileHandle file, long sizeBytes)
    {
        int error;
        do error = FAllocate(file, 0, 0, sizeBytes) == 0 ? 0 : Marshal.GetLastPInvokeError();
        while (error == ErrorNumbers.Interrupted);
        return error;
    }

    /// <summary>Returns 0, or the error number; EINTR is tried again.</summary>
    public static int SyncFolder(string folder)
    {
        int descriptor;
        int error;
        do
        {
            descriptor = Open(folder, ReadOnly | Directory | CloseOnExec, 0);
            error = descriptor >= 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (error == ErrorNumbers.Interrupted);
        if (error != 0) return error;
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return Repeat(handle, static f => FSync(f));
    }

    /// <summary>The system's words for an error number.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    private static int Repeat(SafeFileHandle file, Func<SafeFileHandle, int> call)
    {
        int error;
        do error = call(file) == 0 ? 0 : Marshal.GetLastPInvokeError();
        while (error == ErrorNumbers.Interrupted);
        return error;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FAllocate(SafeFileHandle file, int mode, long offset, long length);
}
