using System.Globalization;

namespace Gache.Tool.Playground;

/// <summary>One node of a playground: what stays the same however often it is killed and started.</summary>
/// <param name="Number">From 1, what a person types.</param>
/// <param name="Shard">From 1.</param>
/// <param name="Slots">The shard's slots, first and last.</param>
/// <param name="ApiPort">Where it is asked.</param>
/// <param name="Arguments">What one would type to start it by hand, after <c>./gache</c>.</param>
internal sealed record NodePlan(int Number, int Shard, (int First, int Last) Slots, int ApiPort, IReadOnlyList<string> Arguments)
{
    private const string Host = "127.0.0.1";

    /// <summary>As in the log and in the name of its folder.</summary>
    public string Name { get; } = NameOf(Number);

    /// <summary>The API address.</summary>
    public string Api { get; } = Address(ApiPort);

    /// <summary>All nodes of a playground, with the README's own argument lists.</summary>
    public static IReadOnlyList<NodePlan> All(PlaygroundOptions options, PortBlock ports, string folder)
    {
        IReadOnlyList<(int First, int Last)> slots = SlotSplit.Of(options.Shards);
        List<NodePlan> nodes = [];
        for (int number = 1; number <= options.Nodes; number++)
        {
            int shard = (number - 1) / options.Replicas;
            int founder = (shard * options.Replicas) + 1;
            List<string> arguments = ["-p", Text(ports.Api(number))];
            if (options.Replicas > 1) arguments.AddRange(["--raft-addr", Address(ports.Raft(number))]);
            arguments.AddRange(["--raft-dir", Path.Combine(folder, NameOf(number))]);
            if (number != founder) arguments.AddRange(["--raft-join", Address(ports.Api(founder))]);
            if (options.Shards > 1)
            {
                arguments.AddRange(["--cluster-port", Text(ports.Cluster(number)), "--cluster-slot", $"{slots[shard].First}-{slots[shard].Last}"]);

                // The first of a shard knows the first of all, and the others know the first of their shard.
                if (number > 1) arguments.AddRange(["--cluster-members", Address(ports.Cluster(number == founder ? 1 : founder))]);
            }

            nodes.Add(new NodePlan(number, shard + 1, slots[shard], ports.Api(number), arguments));
        }

        return nodes;
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"node{number}");

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"{Host}:{port}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
