using System.CommandLine;
using Gache.Tool.Playground;
using Gache.Tool.Terminals;

namespace Gache.Tool.CommandLine;

/// <summary><c>./gache playground</c>.</summary>
internal static class PlaygroundWord
{
    /// <summary>The word with its options.</summary>
    public static Command Create(Terminal terminal)
    {
        Option<int?> shards = NumberOption.Create(
            "--shards", "N", $"how many shards the slots are spread over [{PlaygroundOptions.DefaultShards}]", 1, PlaygroundOptions.MaxShards);
        Option<int?> replicas = NumberOption.Create(
            "--replicas", "N", $"how many nodes keep each shard [{PlaygroundOptions.DefaultReplicas}]", 1, PlaygroundOptions.MaxReplicas);
        Option<int?> port = NumberOption.Create(
            "--port", "PORT",
            $"API port of the first node; raft ports lie 1000 below, cluster ports 1000 above [{PlaygroundOptions.DefaultPort}, or free ones]",
            PortBlock.LeastFirst, PortBlock.MostFirst);
        var folder = new Option<string?>("--folder")
        {
            HelpName = "DIR",
            Description = "where the nodes keep their data, which then stays [a temporary folder, removed at the end]",
        };
        // For tests and for those who build by hand: ./gache publishes both programs into one folder.
        var server = new Option<string?>("--server") { Hidden = true };

        var word = new Command("playground", "Starts a whole cluster on this machine to try: kill a node by its number, end all with Ctrl-C.")
        {
            shards, replicas, port, folder, server,
        };
        word.SetAction(async (parse, _) =>
        {
            using var signals = new StopSignals();
            return await PlaygroundRun.RunAsync(
                new PlaygroundOptions
                {
                    Shards = parse.GetValue(shards) ?? PlaygroundOptions.DefaultShards,
                    Replicas = parse.GetValue(replicas) ?? PlaygroundOptions.DefaultReplicas,
                    Port = parse.GetValue(port),
                    Folder = parse.GetValue(folder),
                    Server = parse.GetValue(server) ?? Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "gache.exe" : "gache"),
                },
                terminal,
                signals).ConfigureAwait(false);
        });
        return word;
    }
}
