using Gache.Primitives;

namespace Gache.Replication;

/// <summary>An operator removed this folder's member from its shard: the folder does nothing any more (exit code 77).</summary>
public sealed class MemberRemovedException(string message) : Exception(message);

internal static class RemovedMember
{
    /// <summary>What happened, and what to do.</summary>
    public static string Words(NodeId node, ShardId shard) =>
        $"an operator removed this node {node} from shard {shard}; it keeps its data folder and does nothing with it any more. To join again, start with an empty folder";
}
