using System.Diagnostics;
using System.Globalization;

namespace Gache.Examples;

/// <summary><c>lock NAME COMMAND …</c>: runs a command while it holds a lock; see <c>shell/lock.sh</c>.</summary>
internal static class LockExample
{
    public static async Task<int> RunAsync(GacheClient gache, string name, string[] command, CancellationToken stop)
    {
        Lease? lease = await Lease.TakeAsync(gache, name, $"{Environment.MachineName}:{Environment.ProcessId}", Settings.Ttl, TimeSpan.FromMinutes(1), stop).ConfigureAwait(false);
        if (lease is null) return 75; // not to be had
        try
        {
            var start = new ProcessStartInfo(command[0], command.Skip(1));

            // Whatever the command writes to must refuse a token below the highest that it has seen: this process may be paused while its lock is lost.
            start.Environment["GACHE_FENCING_TOKEN"] = lease.Token.ToString(CultureInfo.InvariantCulture);
            using Process process = Process.Start(start)!;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            Task keeping = lease.KeepAsync(ended.Token);
            Task exited = process.WaitForExitAsync(CancellationToken.None);
            bool isLost = await Task.WhenAny(exited, keeping).ConfigureAwait(false) != exited;
            if (isLost) process.Kill(entireProcessTree: true);
            await exited.ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await keeping.ConfigureAwait(false);
            return isLost && !stop.IsCancellationRequested ? 79 : process.ExitCode;
        }
        finally
        {
            await lease.GiveBackAsync().ConfigureAwait(false);
        }
    }
}
