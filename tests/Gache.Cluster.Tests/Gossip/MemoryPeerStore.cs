using Xunit;
namespace Gache.Cluster.Tests.Gossip;

internal sealed class MemoryPeerStore : IPeerStore
{
    public ulong Generation { get; set; }

    public IReadOnlyList<SavedPeer> Peers { get; set; } = [];

    public bool IsFailing { get; set; }

    public ulong ReadGeneration() => Generation;

    public void SaveGeneration(ulong generation)
    {
        if (IsFailing) throw new IOException("the disk is full");
        Assert.True(generation > Generation, "a generation never goes back");
        Generation = generation;
    }

    public IReadOnlyList<SavedPeer> ReadPeers() => Peers;

    public void SavePeers(IReadOnlyList<SavedPeer> peers) => Peers = peers;

    public MemoryPeerStore Copy() => new() { Generation = Generation, Peers = Peers };
}
