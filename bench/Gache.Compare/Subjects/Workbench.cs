using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gache.Compare.Subjects;

/// <summary>Where a comparison works: folders on a real disk, free ports, and processes that do not outlive it.</summary>
internal sealed class Workbench : IDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    private readonly List<ServerProcess> processes = [];
    private int nextPort = 20_000 + Random.Shared.Next(10_000);

    public Workbench()
    {
        Root = Environment.GetEnvironmentVariable("GACHE_COMPARE_ROOT") ?? throw new CompareException("start it as bench/compare");
        // Not the system's folder for temporary files, which is often in memory: a sync must cost what it costs.
        Folder = Directory.CreateDirectory(Path.Combine(Root, "tmp", $"compare-{Environment.ProcessId}")).FullName;
    }

    /// <summary>The repository.</summary>
    public string Root { get; }

    /// <summary>For data and logs; removed at the end.</summary>
    public string Folder { get; }

    /// <summary>For questions besides the load.</summary>
    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>The programs that the script has built.</summary>
    public static string Built(string variable) =>
        Environment.GetEnvironmentVariable(variable) ?? throw new CompareException($"{variable} is missing: start it as bench/compare");

    /// <summary>The path of a program that is installed, or null.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>A port that nobody has.</summary>
    public int FreePort()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, ++nextPort));
                return nextPort;
            }
            catch (SocketException)
            {
                // the next one
            }
        }
    }

    /// <summary>Starts a server; its output goes to a log in <see cref="Folder"/>.</summary>
    public ServerProcess Start(string name, string program, params string[] arguments)
    {
        var process = new ServerProcess(name, program, arguments, Folder);
        processes.Add(process);
        return process;
    }

    /// <summary>Ends a process that is not needed any more.</summary>
    public void Remove(ServerProcess process)
    {
        process.Dispose();
        processes.Remove(process);
    }

    /// <summary>Waits until something is so.</summary>
    /// <exception cref="CompareException">It does not become so.</exception>
    public static async Task UntilAsync(string what, ServerProcess? process, Func<Task<bool>> isSo, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await isSo().ConfigureAwait(false)) return;
            }
            catch (Exception fault) when (fault is HttpRequestException or SocketException or IOException || (fault is TaskCanceledException && !stop.IsCancellationRequested))
            {
                // not yet
            }

            if (process is { HasExited: true }) throw new CompareException($"{process.Name} has ended:\n{process.LogTail()}");
            if (clock.Elapsed > StartDeadline) throw new CompareException($"waited in vain until {what}\n{process?.LogTail()}");
            await Task.Delay(LookInterval, stop).ConfigureAwait(false);
        }
    }

    /// <summary>What a program prints about its version, its first line.</summary>
    public static string FirstLine(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Split('\n')[0].Trim();
    }

    /// <summary>What figures of this run must be read with.</summary>
    public string Circumstances(CompareOptions options)
    {
        string processor = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "?"
            : "?";
        string load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "?";
        string fileSystem = FirstLine("stat", "-f", "-c", "%T", Folder);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}, gache {FirstLine("git", "-C", Root, "rev-parse", "--short", "HEAD")}, .NET {Environment.Version}, {Environment.ProcessorCount} processors ({processor}) shared by load and servers, data on {fileSystem}, {RuntimeInformation.OSDescription}, load before the run {load}; medians of {options.Rounds} interleaved rounds of {options.Duration.TotalSeconds:0} s [least-most].");
    }

    public void Dispose()
    {
        foreach (ServerProcess process in processes) process.Dispose();
        Http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
