using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace Gache.Tool.Playground;

/// <summary>Runs the nodes: starts them, waits until all slots are served, then kills and starts what a person types.</summary>
/// <remarks>Everything that happens (a line typed, a process ended, all ready) is a step in one queue, carried out one at a time.</remarks>
internal sealed class PlaygroundLoop : IDisposable
{
    /// <summary>How long a stop may take before it is cut off; the server's own bound.</summary>
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>What is not ready by then is told, and again after as long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Nodes that are named of those that are not ready.</summary>
    private const int MaxNamed = 3;

    /// <summary>Steps that may wait; whoever has more to say waits as well.</summary>
    private const int MaxWaitingSteps = 256;

    private readonly string server;
    private readonly string folder;
    private readonly IReadOnlyList<NodePlan> nodes;
    private readonly LinePrinter printer;
    private readonly NodeProcess?[] processes;
    private readonly ReadyProbe probe = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Channel<Action> steps = Channel.CreateBounded<Action>(MaxWaitingSteps);
    private volatile bool isServed; // read by those who print what nodes say
    private int? exitCode;

    /// <summary>Nothing is started yet.</summary>
    public PlaygroundLoop(string server, string folder, IReadOnlyList<NodePlan> nodes, LinePrinter printer)
    {
        this.server = server;
        this.folder = folder;
        this.nodes = nodes;
        this.printer = printer;
        processes = new NodeProcess?[nodes.Count + 1]; // by number
    }

    /// <summary>Runs until <c>q</c> is typed, <paramref name="end"/> is cancelled, or a node does not start.</summary>
    /// <returns>The exit code; no child is alive then.</returns>
    public async Task<int> RunAsync(TextReader input, CancellationToken end, CancellationToken endAtOnce)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(end);
        try
        {
            printer.Say("what the nodes log is shown once all slots are served; until then warnings and errors only");
            foreach (NodePlan node in nodes) Start(node);
            new Thread(() => ReadTyped(input, over.Token)) { IsBackground = true, Name = "typed" }.Start();
            _ = AwaitServedAsync(over.Token);
            while (exitCode is null) (await steps.Reader.ReadAsync(end).ConfigureAwait(false))();
        }
        catch (OperationCanceledException)
        {
            exitCode = ExitCode.Done;
        }
        catch (Win32Exception failure)
        {
            printer.Say($"{server} cannot be started: {failure.Message}");
            exitCode = ExitCode.Failed;
        }

        await over.CancelAsync().ConfigureAwait(false);
        await StopAllAsync(endAtOnce).ConfigureAwait(false);
        return exitCode ?? ExitCode.Done;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NodeProcess? process in processes) process?.Dispose();
        probe.Dispose();
    }

    private void Start(NodePlan node)
    {
        processes[node.Number]?.Dispose();
        NodeProcess process = NodeProcess.Start(server, node, folder, line => Pass(node, line));
        processes[node.Number] = process;
        printer.Say(node, $"process {process.Id}: ./gache {string.Join(' ', node.Arguments)}");
        _ = TellEndAsync(node, process);
    }

    /// <summary>Prints what a node says. Until all is served only what is amiss: the lines of nine starts at once would hide that.</summary>
    private void Pass(NodePlan node, string line)
    {
        if (isServed || !NodeLine.IsRoutine(line)) printer.Say(node, line);
    }

    private async Task TellEndAsync(NodePlan node, NodeProcess process)
    {
        int code = await process.Ended.ConfigureAwait(false);
        await steps.Writer.WriteAsync(() =>
        {
            if (processes[node.Number] != process) return;
            printer.Say(node, process.IsToldToEnd ? $"killed; {node.Number} and Enter starts it again" : $"ended by itself with exit code {code}; {node.Number} and Enter starts it again");
            if (!process.IsToldToEnd && !isServed) exitCode = ExitCode.Failed; // a playground that never was one: its log says why
        }).ConfigureAwait(false);
    }

    private void ReadTyped(TextReader input, CancellationToken over)
    {
        try
        {
            // The end of the input ends nothing: started from a script there is none.
            while (input.ReadLine() is { } line) steps.Writer.WriteAsync(() => Obey(line.Trim()), over).AsTask().GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            // Over, or nobody can type any more.
        }
    }

    private void Obey(string typed)
    {
        if (typed is "") return;
        if (typed is "q")
        {
            exitCode = ExitCode.Done;
        }
        else if (int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && nodes.FirstOrDefault(node => node.Number == number) is { } node)
        {
            NodeProcess process = processes[number]!;
            if (process.Ended.IsCompleted) Start(node);
            else process.Kill();
        }
        else
        {
            printer.Say(Keys);
        }
    }

    private string Keys => $"  {(nodes.Count == 1 ? "1" : $"1 to {nodes.Count}")} and Enter: kill -9 that node; again: start it anew.  q and Enter, or Ctrl-C: end everything";

    private async Task AwaitServedAsync(CancellationToken over)
    {
        try
        {
            TimeSpan tell = Patience;
            while (true)
            {
                string?[] reasons = await Task.WhenAll(nodes.Select(node => probe.WhyNotReadyAsync(node, over))).ConfigureAwait(false);
                if (Array.TrueForAll(reasons, reason => reason is null)) break;
                if (clock.Elapsed >= tell)
                {
                    tell += Patience;
                    printer.Say(Waiting(clock.Elapsed, [.. nodes.Zip(reasons).Where(pair => pair.Second is not null).Select(pair => (pair.First.Name, pair.Second!))]));
                }

                await Task.Delay(ProbeInterval, over).ConfigureAwait(false);
            }

            await steps.Writer.WriteAsync(TellServed, over).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It ends before all is served.
        }
    }

    /// <summary>One line on what is not ready yet.</summary>
    internal static string Waiting(TimeSpan since, IReadOnlyList<(string Name, string Reason)> nodes) => string.Create(
        CultureInfo.InvariantCulture,
        $"still starting after {since.TotalSeconds:0} s, which a busy machine may need: waits for {string.Join(", ", nodes.Take(MaxNamed).Select(node => $"{node.Name} ({node.Reason})"))}{(nodes.Count > MaxNamed ? $" and {nodes.Count - MaxNamed} more" : "")}");

    private void TellServed()
    {
        isServed = true;
        printer.Say(string.Create(CultureInfo.InvariantCulture, $"\nall slots are served, {clock.Elapsed.TotalSeconds:0.0} s after the start\n"));
        foreach (IGrouping<int, NodePlan> shard in nodes.GroupBy(node => node.Shard))
        {
            NodePlan first = shard.First();
            printer.Say($"  slots {$"{first.Slots.First}-{first.Slots.Last}",-11} {string.Join("  ", shard.Select(node => $"{node.Name} {node.Api}"))}");
        }

        printer.Say($"\n  curl -L -d 'some value' {nodes[0].Api}/key/greeting\n  curl -L {nodes[^1].Api}/key/greeting\n\n{Keys}\n");
    }

    private async Task StopAllAsync(CancellationToken endAtOnce)
    {
        NodeProcess[] alive = [.. processes.OfType<NodeProcess>().Where(process => !process.Ended.IsCompleted)];
        if (alive.Length == 0) return;
        printer.Say(string.Create(CultureInfo.InvariantCulture, $"ending {alive.Length} nodes"));
        foreach (NodeProcess process in alive) process.AskToStop();
        Task all = Task.WhenAll(alive.Select(process => process.Ended));
        try
        {
            await all.WaitAsync(StopDeadline, endAtOnce).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            printer.Say("killing what has not ended; nothing acknowledged is lost by that");
            foreach (NodeProcess process in alive) process.Kill();
            await all.ConfigureAwait(false);
        }
    }
}
