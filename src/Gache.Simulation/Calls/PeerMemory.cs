using Gache.Cluster;

namespace Gache.Simulation;

/// <summary>What a machine's gossip keeps over restarts of its process.</summary>
internal sealed class PeerMemory : IPeerStore
{
    private ulong generation;
    private IReadOnlyList<SavedPeer> peers = [];

    /// <inheritdoc/>
    public ulong ReadGeneration() => generation;

    /// <inheritdoc/>
    public void SaveGeneration(ulong generation) => this.generation = generation;

    /// <inheritdoc/>
    public IReadOnlyList<SavedPeer> ReadPeers() => peers;

    /// <inheritdoc/>
    public void SavePeers(IReadOnlyList<SavedPeer> peers) => this.peers = [.. peers];
}
