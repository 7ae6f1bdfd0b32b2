using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gache.EndToEnd.Harness;

internal enum Signal
{
    Hangup = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>Signals to processes that the harness started.</summary>
internal static partial class Signals
{
    public static void Send(Process process, Signal signal)
    {
        // Without this check the number of an ended process could by now be another's.
        if (process.HasExited) throw new InvalidOperationException($"process {process.Id} has ended with {process.ExitCode}; no {signal} for it");
        if (Kill(process.Id, (int)signal) != 0) throw new InvalidOperationException($"kill({process.Id}, {signal}): errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
