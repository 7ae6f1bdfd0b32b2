using System.CommandLine;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster show</c>.</summary>
internal static class ShowWord
{
    public static Command Create(ClusterWord common) => common.Looking(
        "show", "Shows shards, slots, members, and what is on its way (for programs: curl HOST:PORT/cluster)",
        async (client, view) =>
        {
            // A node without this page has nothing on its way.
            Reply moves = await client.GetAsync("/cluster/moves", CancellationToken.None).ConfigureAwait(false);
            MovesJson? under = moves.IsSuccess ? moves.Read(Wire.Default.MovesJson) : null;
            foreach (string line in ClusterText.Lines(view, under)) common.Output.WriteLine(line);
            return ExitCode.Done;
        });
}
