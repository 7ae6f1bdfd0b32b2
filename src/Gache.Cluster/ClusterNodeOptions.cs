using Gache.Replication;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>What a node's part in the cluster is made of. Everything that touches the world is handed in.</summary>
public sealed record ClusterNodeOptions
{
    /// <summary>The node's present picture of itself and its shard.</summary>
    public required Func<ReplicaStatus> Status { get; init; }

    /// <summary>The node's replica; null while it belongs to no shard.</summary>
    public required Func<Replica?> Replica { get; init; }

    /// <summary>Whether the node's data folder is empty: nothing was founded or joined there.</summary>
    public required Func<bool> IsFolderEmpty { get; init; }

    /// <summary>The way to other nodes.</summary>
    public required ICalls Calls { get; init; }

    /// <summary>Takes forwarded requests and what operators ask at other nodes.</summary>
    public required ICallHandler Requests { get; init; }

    /// <summary>Makes the gossip of a node that says this of itself; called again if the node begins anew as another. Takes what wakes its owner.</summary>
    public required Func<NodeRecord, Action, Gossiper> Gossip { get; init; }

    /// <summary>The cluster addresses that the operator named; they are tried for ever.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>Whether the node was started to belong to no shard, and only to send requests on.</summary>
    public bool RoutesOnly { get; init; }

    /// <summary>The advertised API address.</summary>
    public required string ApiAddress { get; init; }

    /// <summary>The advertised raft address; empty if there is none.</summary>
    public string RaftAddress { get; init; } = "";

    /// <summary>The advertised cluster address.</summary>
    public required string ClusterAddress { get; init; }

    /// <summary>Bounds of slot moves.</summary>
    public MoveOptions Moves { get; init; } = new();

    /// <summary>Runs something soon, outside of whatever is going on.</summary>
    public Action<Action> Run { get; init; } = static run => ThreadPool.UnsafeQueueUserWorkItem(static r => r(), run, preferLocal: false);

    /// <summary>Where events are told.</summary>
    public required ILogger Logger { get; init; }
}
