using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Gache.Tool.Playground;
using Xunit;

namespace Gache.Tool.Tests.Playground;

/// <summary><c>gache-tool playground</c> as a process, leader of a process group as a shell would make it.</summary>
internal sealed partial class RunningPlayground : IAsyncDisposable
{
    public const int Interrupt = 2;
    public const int KillSignal = 9;
    public const int Terminate = 15;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly Lock gate = new();
    private readonly List<string> lines = [];
    private readonly Task reading;

    private RunningPlayground(string[] args)
    {
        FirstPort = FreePort();
        // setsid becomes what it starts: the process's id stays.
        process = Process.Start(new ProcessStartInfo(
            "setsid", [Repository.Tool, "playground", "--server", Repository.Server, "--port", Text(FirstPort), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../..")) },
        })!;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError)); // on the pool: a test's own threads may be busy
    }

    public int FirstPort { get; }

    /// <summary>The processes of all nodes that were ever started.</summary>
    public IReadOnlyList<int> NodeProcesses => [.. Lines.Select(line => ProcessLine().Match(line)).Where(match => match.Success).Select(match => int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture))];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate) return [.. lines];
        }
    }

    public static RunningPlayground Start(params string[] args) => new(args);

    public static async Task<RunningPlayground> StartServedAsync(params string[] args)
    {
        var playground = new RunningPlayground(args);
        await playground.SaysAsync("all slots are served,");
        return playground;
    }

    public void Type(string line) => process.StandardInput.WriteLine(line);

    /// <summary>The process of a node's latest start.</summary>
    public int ProcessOf(int node) => int.Parse(
        Lines.Select(line => ProcessLine().Match(line)).Last(match => match.Success && match.Groups[1].Value == Text(node)).Groups[2].ValueSpan,
        CultureInfo.InvariantCulture);

    /// <summary>Sends a signal to the tool alone.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    /// <summary>Sends a signal to the tool and its nodes at once, as a terminal does with Ctrl-C.</summary>
    public void SignalGroup(int signal) => Assert.Equal(0, Kill(-process.Id, signal));

    /// <summary>Waits for <paramref name="count"/> lines with this text.</summary>
    public Task SaysAsync(string text, int count = 1) =>
        UntilAsync($"{count} times \"{text}\"", () => Lines.Count(line => line.Contains(text, StringComparison.Ordinal)) >= count);

    public async Task UntilAsync(string what, Func<bool> isTrue)
    {
        var clock = Stopwatch.StartNew();
        while (!isTrue())
        {
            Assert.True(clock.Elapsed < Deadline, $"still not so: {what}\n{string.Join('\n', Lines)}");
            await Task.Delay(20, TestContext.Current.CancellationToken); // between two looks; the condition ends the wait
        }
    }

    /// <summary>Waits until the tool has ended.</summary>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        await reading.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>Asserts that every node it ever started is gone.</summary>
    public void LeavesNoProcess() => Assert.DoesNotContain(NodeProcesses, IsAlive);

    public static bool IsAlive(int id) => File.Exists($"/proc/{id}/cmdline") && File.ReadAllText($"/proc/{id}/cmdline").Contains("--raft-dir", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        foreach (int node in NodeProcesses.Where(IsAlive)) _ = Kill(node, KillSignal);
        await reading.WaitAsync(Deadline);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', Lines));
        process.Dispose();
    }

    /// <summary>The first port of a block that is free, well away from the README's.</summary>
    private static int FreePort()
    {
        while (true)
        {
            int first = 20_000 + Random.Shared.Next(10_000);
            var block = new PortBlock(first);
            if (Enumerable.Range(1, 9).All(node => PortBlock.IsFree(block.Api(node)) && PortBlock.IsFree(block.Raft(node)) && PortBlock.IsFree(block.Cluster(node))))
                return first;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task ReadAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync().ConfigureAwait(false) is { } line)
            lock (gate) lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [GeneratedRegex(@"^node(\d+) *\| process (\d+): ")]
    private static partial Regex ProcessLine();
}
