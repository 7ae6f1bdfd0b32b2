using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Gache.Store;

/// <summary>Memory straight from the operating system, given back to it at once when freed.</summary>
/// <remarks>On Linux by <c>mmap</c>, since malloc keeps freed memory of this size for itself; elsewhere malloc has to do.</remarks>
internal static unsafe partial class Pages
{
    private const int ProtectionReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x02 | 0x20;
    private const int Alignment = 64;

    /// <summary>Takes <paramref name="bytes"/> bytes, aligned to a cache line at least.</summary>
    /// <exception cref="InsufficientMemoryException">The system has none to give.</exception>
    public static byte* Take(int bytes)
    {
        if (!OperatingSystem.IsLinux()) return (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);

        nint address = Map(0, (nuint)bytes, ProtectionReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1) throw new InsufficientMemoryException($"mmap of {bytes} bytes: {Marshal.GetLastPInvokeErrorMessage()}");
        return (byte*)address;
    }

    /// <summary>Gives back what <see cref="Take"/> gave.</summary>
    public static void Free(byte* address, int bytes)
    {
        if (!OperatingSystem.IsLinux()) NativeMemory.AlignedFree(address);
        else if (Unmap((nint)address, (nuint)bytes) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
