using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>A node that was met, and where.</summary>
/// <param name="Node">Who it is.</param>
/// <param name="ClusterAddress">Where it gossips.</param>
/// <param name="SeenAt">When it was alive last.</param>
public sealed record SavedPeer(NodeId Node, string ClusterAddress, DateTimeOffset SeenAt);

/// <summary>What a node's gossip keeps over a restart. On disk, and in memory under simulation.</summary>
public interface IPeerStore
{
    /// <summary>The generation saved last; 0 if there is none.</summary>
    ulong ReadGeneration();

    /// <summary>Saves the generation, durably before it returns: no second life of this node may come below the first.</summary>
    void SaveGeneration(ulong generation);

    /// <summary>The peers saved last, at most 1,024.</summary>
    IReadOnlyList<SavedPeer> ReadPeers();

    /// <summary>Saves the peers whole, in place of those before; returns at once, the disk is written in the background.</summary>
    void SavePeers(IReadOnlyList<SavedPeer> peers);
}
