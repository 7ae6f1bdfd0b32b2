using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gache.Compare.Report;
using Gache.Compare.Subjects;

namespace Gache.Compare.Modes;

/// <summary>How long a start takes, what an idle process holds, how large the program is.</summary>
internal static class StartMode
{
    /// <summary>How long a process is left alone before its memory is looked at.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(Workbench bench, CompareOptions options, CancellationToken stop)
    {
        string circumstances = bench.Circumstances(options);
        var programs = new List<(string Name, string Program, Func<int, string, string[]> Arguments, string Path)>
        {
            (Contestants.Bare, Workbench.Built("GACHE_COMPARE_BARE"), (port, _) => ["--urls", $"http://127.0.0.1:{port}"], "/key/k"),
            (Contestants.One, Workbench.Built("GACHE_COMPARE_NODE"), (port, folder) => ["-p", $"{port}", "--raft-dir", folder], "/key/k"),
        };
        programs.Add(($"{Contestants.One}, compiled by the runtime (ReadyToRun)", Workbench.Built("GACHE_COMPARE_AHEAD"), (port, folder) => ["-p", $"{port}", "--raft-dir", folder], "/key/k"));
        if (Workbench.Find("etcd") is { } etcd)
        {
            programs.Add((Contestants.EtcdJsonOne, etcd, (port, folder) => [
                "--data-dir", folder, "--listen-client-urls", $"http://127.0.0.1:{port}", "--advertise-client-urls", $"http://127.0.0.1:{port}",
                "--listen-peer-urls", $"http://127.0.0.1:{bench.FreePort()}", "--log-level", "error"], "/health"));
        }

        var table = new MarkdownTable("who", "empty folder to first answer, ms", "the same folder again, ms", "resident when idle, MB", "program, MB");
        foreach ((string name, string program, Func<int, string, string[]> arguments, string path) in programs.Where(each => options.Wants(each.Name.Split(',')[0])))
        {
            var first = new List<double>();
            var again = new List<double>();
            var resident = new List<double>();
            for (int round = 0; round < options.Rounds; round++)
            {
                string folder = Path.Combine(bench.Folder, string.Create(CultureInfo.InvariantCulture, $"start-{Guid.NewGuid():N}"));
                foreach (List<double> times in new[] { first, again })
                {
                    int port = bench.FreePort();
                    ServerProcess process = bench.Start(name.Split(',')[0], program, arguments(port, folder));
                    await Workbench.UntilAsync($"{name} answers", process, async () =>
                        (int)(await bench.Http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), stop).ConfigureAwait(false)).StatusCode is 200 or 404, stop).ConfigureAwait(false);
                    times.Add(Stopwatch.GetElapsedTime(process.StartedAt).TotalMilliseconds);
                    if (times == again)
                    {
                        await Task.Delay(Settle, stop).ConfigureAwait(false);
                        resident.Add(process.ResidentBytes / 1e6);
                    }

                    bench.Remove(process);
                }

                if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            }

            table.Add(name, Spread.Of(first).Show("0"), Spread.Of(again).Show("0"), Spread.Of(resident).Show("0"), SizeOf(program).ToString("0", CultureInfo.InvariantCulture));
        }

        Page.Write(bench, options, "start", new StringBuilder(circumstances).Append("\n\n").Append(table).ToString());
    }

    /// <summary>Of its folder if that is its own, else of the file, in MB.</summary>
    private static double SizeOf(string program)
    {
        string folder = Path.GetDirectoryName(program)!;
        bool isItsOwn = File.Exists(Path.Combine(folder, $"{Path.GetFileName(program)}.runtimeconfig.json"));
        return (isItsOwn ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) : new FileInfo(program).Length) / 1e6;
    }
}
