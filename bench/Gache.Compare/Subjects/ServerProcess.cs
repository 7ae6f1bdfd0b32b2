using System.Diagnostics;
using System.Globalization;

namespace Gache.Compare.Subjects;

/// <summary>A server that is measured.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int TailLines = 20;
    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(30);
    private const double TicksPerSecond = 100; // USER_HZ of Linux

    private readonly Process process;
    private readonly StreamWriter log;

    public ServerProcess(string name, string program, string[] arguments, string folder)
    {
        Name = name;
        LogFile = Path.Combine(folder, $"{name}-{Guid.NewGuid():N}.log");
        log = new StreamWriter(LogFile) { AutoFlush = true };
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What was set for this process is not for the servers.
        foreach (string setting in start.Environment.Keys.Where(key => key.StartsWith("DOTNET_SYSTEM_NET", StringComparison.Ordinal) || key.StartsWith("GACHE_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(setting);
        StartedAt = Stopwatch.GetTimestamp();
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    public string LogFile { get; }

    /// <summary>When it was started, in ticks of the stopwatch.</summary>
    public long StartedAt { get; }

    public bool HasExited => process.HasExited;

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            string stat = File.ReadAllText($"/proc/{process.Id}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond);
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) << 10;

    /// <summary>SIGKILL, and waits for the end.</summary>
    public void Kill()
    {
        if (!process.HasExited) process.Kill();
        // With a bound it does not wait for the end of the output, which may come on the very thread that waits here.
        if (!process.WaitForExit(EndDeadline)) throw new CompareException($"{Name} has not ended");
    }

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name) => Workbench.FirstLine("kill", $"-{name}", process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>The last lines that it wrote.</summary>
    public string LogTail()
    {
        lock (log) return string.Join('\n', File.ReadLines(LogFile).TakeLast(TailLines));
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
        lock (log) log.Dispose();
    }

    private void Write(string? line)
    {
        if (line is null) return;
        lock (log)
        {
            if (log.BaseStream is not null) log.WriteLine(line);
        }
    }
}
