using System.Diagnostics;

namespace Gache.Tool.Playground;

/// <summary>One run of a node, as a child process that cannot outlive the playground.</summary>
internal sealed class NodeProcess : IDisposable
{
    /// <summary>Variables that would put a node where the playground does not want it; others, as <c>GACHE_LOG_LEVEL</c>, reach the nodes.</summary>
    private static readonly string[] NotPassedOn =
        ["GACHE_PORT", "GACHE_LISTEN", "GACHE_ADVERTISE", "GACHE_RAFT_", "GACHE_CLUSTER_", "GACHE_LOG_FORMAT", "GACHE_STOP_WITH_STDIN"];

    private readonly Process process;

    private NodeProcess(Process process, Action<string> onLine)
    {
        this.process = process;
        // A child holds no other's pipes, so the end of its lines is its own end.
        Ended = EndAsync(ReadAsync(process.StandardOutput, onLine), ReadAsync(process.StandardError, onLine));
    }

    /// <summary>The process's id, for those who want to send it other signals.</summary>
    public int Id => process.Id;

    /// <summary>Completes with the exit code when the process is gone and its last line is printed.</summary>
    public Task<int> Ended { get; }

    /// <summary>Whether its end was asked for.</summary>
    public bool IsToldToEnd { get; private set; }

    /// <summary>Starts a node.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The executable cannot be started.</exception>
    public static NodeProcess Start(string server, NodePlan node, string folder, Action<string> onLine)
    {
        // Its stdin is a pipe whose other end is ours alone: the kernel closes it even if we are killed with -9.
        // (A death signal, PR_SET_PDEATHSIG, would come when the *thread* that started the child ends, and only on Linux.)
        var start = new ProcessStartInfo(server, [.. node.Arguments, "--log-format", "plain", "--stop-with-stdin"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsNotPassedOn).ToArray()) start.Environment.Remove(name);
        return new NodeProcess(Process.Start(start)!, onLine);
    }

    /// <summary>Asks it to stop in good order, by closing its stdin.</summary>
    /// <remarks>Not by SIGTERM: Ctrl-C on a terminal reaches the nodes, too, and a second signal would end them at once.</remarks>
    public void AskToStop()
    {
        IsToldToEnd = true;
        process.StandardInput.Close();
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        IsToldToEnd = true;
        process.Kill(); // does nothing to one that has ended
    }

    /// <inheritdoc/>
    public void Dispose() => process.Dispose();

    private static bool IsNotPassedOn(string variable) =>
        NotPassedOn.Any(name => name.EndsWith('_') ? variable.StartsWith(name, StringComparison.Ordinal) : variable == name);

    private static async Task ReadAsync(StreamReader stream, Action<string> onLine)
    {
        while (await stream.ReadLineAsync().ConfigureAwait(false) is { } line) onLine(line);
    }

    private async Task<int> EndAsync(Task output, Task errors)
    {
        await Task.WhenAll(output, errors, process.WaitForExitAsync()).ConfigureAwait(false);
        return process.ExitCode;
    }
}
