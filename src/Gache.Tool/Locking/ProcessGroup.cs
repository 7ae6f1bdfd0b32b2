using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gache.Tool.Locking;

/// <summary>A command with what it starts, in a group of its own, so that all of it can be ended (but for what leaves the group by itself).</summary>
internal sealed partial class ProcessGroup : IDisposable
{
    private const int NoSuchProcess = 3;

    private readonly Process process;
    private readonly bool isGroup;

    private ProcessGroup(Process process, bool isGroup)
    {
        (this.process, this.isGroup) = (process, isGroup);
        Ended = process.WaitForExitAsync();
    }

    /// <summary>Completes when the command itself has ended.</summary>
    public Task Ended { get; }

    /// <summary>Its exit code, once it has ended; 128 + n if signal n ended it.</summary>
    public int Code => process.ExitCode;

    /// <summary>Starts a command, with this process's own streams.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static ProcessGroup Start(IReadOnlyList<string> command, string variable, string value)
    {
        // setsid becomes the command: the process that is started here is the command itself, and leads a group.
        bool isGroup = !OperatingSystem.IsWindows() && Find("setsid") is not null;
        var start = isGroup ? new ProcessStartInfo("setsid", command) : new ProcessStartInfo(command[0], command.Skip(1));
        start.Environment[variable] = value;
        return new ProcessGroup(Process.Start(start)!, isGroup);
    }

    /// <summary>Where the shell would find a command; null if nowhere.</summary>
    public static string? Find(string command)
    {
        if (command.Contains('/', StringComparison.Ordinal) || OperatingSystem.IsWindows()) return File.Exists(command) || OperatingSystem.IsWindows() ? command : null;
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            string path = Path.Combine(folder.Length == 0 ? "." : folder, command);
            if (File.Exists(path)) return path;
        }

        return null;
    }

    /// <summary>Whether a file may be run.</summary>
    public static bool MayRun(string path) => OperatingSystem.IsWindows()
        || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    /// <summary>Sends a signal to the whole group; never throws.</summary>
    /// <returns>False if somebody is there who may not be sent it (a command that became another user's).</returns>
    public bool Send(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!Ended.IsCompleted) process.Kill(entireProcessTree: true);
            return true;
        }

        // A group's number is not given to another process while anybody is in it; that of a single process may be once it has ended. Right after the
        // start there is no group yet, only the process that is about to lead it.
        int id = process.Id;
        if (isGroup && Kill(-id, signal) == 0) return true;
        bool isRefused = isGroup && Marshal.GetLastPInvokeError() != NoSuchProcess;
        if (Ended.IsCompleted) return !isRefused;
        return Kill(id, signal) == 0 || Marshal.GetLastPInvokeError() == NoSuchProcess;
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
