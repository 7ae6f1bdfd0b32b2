using System.Diagnostics;

namespace Gache.EndToEnd.Harness;

/// <summary>A process that the harness started: its output is kept, and it does not outlive the tests.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly HashSet<ChildProcess> Alive = [];

    private readonly Process process;
    private readonly Task exited;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        lock (Alive) foreach (ChildProcess child in Alive) child.KillQuietly();
    };

    public ChildProcess(string name, string file, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        Name = name;
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string variable in start.Environment.Keys.Where(IsOurs).ToArray()) start.Environment.Remove(variable);
        start.Environment["DOTNET_ROOT"] = DotnetRoot;
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>()) start.Environment[variable] = value;

        Log.Add($"[{name}] {file} {string.Join(' ', start.ArgumentList)}");
        process = Process.Start(start)!;
        lock (Alive) Alive.Add(this);
        // Ends with the last line of output, too, so that what a process said in the end is known.
        exited = Task.WhenAll(ReadAsync(process.StandardOutput, Output), ReadAsync(process.StandardError, Errors), process.WaitForExitAsync());
    }

    public string Name { get; }

    public int Id => process.Id;

    /// <summary>Both streams, in the order in which lines arrived.</summary>
    public ProcessLog Log { get; } = new();

    public ProcessLog Output { get; } = new();

    public ProcessLog Errors { get; } = new();

    public bool HasExited => process.HasExited;

    private static string DotnetRoot => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));

    public void Send(Signal signal) => Signals.Send(process, signal);

    /// <summary>Waits until it has ended by itself or by a signal sent before; 128 + n if signal n ended it.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        try
        {
            await exited.WaitAsync(within ?? Wait.Deadline, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} has not ended; its output:\n{Log}");
        }

        return process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        KillQuietly();
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        KillQuietly();
        await exited.WaitAsync(Wait.Deadline);
        lock (Alive) Alive.Remove(this);
        // Shown only if the test fails, which is not known here yet.
        TestContext.Current.TestOutputHelper?.WriteLine($"---- {Name}: exit code {process.ExitCode}\n{Log}");
        process.Dispose();
    }

    private static bool IsOurs(string variable) =>
        variable.StartsWith("GACHE_", StringComparison.Ordinal) || variable == "NOTIFY_SOCKET" || variable.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase);

    private void KillQuietly()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }

    private async Task ReadAsync(StreamReader stream, ProcessLog log)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            log.Add(line);
            Log.Add(line);
        }
    }
}
