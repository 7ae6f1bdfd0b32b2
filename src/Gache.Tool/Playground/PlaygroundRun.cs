using Gache.Tool.Terminals;

namespace Gache.Tool.Playground;

/// <summary>One run of <c>./gache playground</c>, from what it needs to what it leaves behind.</summary>
internal static class PlaygroundRun
{
    /// <summary>Looks for server, ports and folder, then lets the nodes run.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(PlaygroundOptions options, Terminal terminal, StopSignals signals)
    {
        if (!File.Exists(options.Server))
            return terminal.Refuse(ExitCode.Failed, $"the server is not at {options.Server}; ./gache builds both programs into one folder");
        if (PortBlock.Find(options, PortBlock.IsFree, out int? taken) is not { } ports)
        {
            return terminal.Refuse(ExitCode.Unreachable, taken > 0
                ? $"port {taken} is in use; without --port free ones are looked for"
                : "no free ports were found; name the first API port with --port");
        }

        string folder;
        try
        {
            folder = options.Folder is { } asked
                ? Directory.CreateDirectory(asked).FullName
                : Directory.CreateTempSubdirectory("gache-playground-").FullName;
            if (options.Folder is not null && FolderShape.Claim(folder, options) is { } other) return terminal.Refuse(ExitCode.Usage, other);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return terminal.Refuse(ExitCode.Failed, $"the folder cannot be used: {failure.Message}");
        }

        try
        {
            IReadOnlyList<NodePlan> nodes = NodePlan.All(options, ports, folder);
            using var gone = new CancellationTokenSource();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(signals.End, gone.Token);
            var printer = new LinePrinter(terminal.Output, terminal.HasColour, nodes, gone.Cancel);
            printer.Say($"{Count(options.Shards, "shard")} of {Count(options.Replicas, "node")}, in {folder}{(options.Folder is null ? " (removed at the end)" : "")}");
            using var playground = new PlaygroundLoop(options.Server, folder, nodes, printer);
            return await playground.RunAsync(terminal.Input, end.Token, signals.EndAtOnce).ConfigureAwait(false);
        }
        finally
        {
            if (options.Folder is null) Remove(folder, terminal);
        }
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static void Remove(string folder, Terminal terminal)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            terminal.Refuse(ExitCode.Failed, $"{folder} could not be removed: {failure.Message}");
        }
    }
}
