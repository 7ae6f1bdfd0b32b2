using Gache.Replication;

namespace Gache.Server.Hosting;

/// <summary>The way to the other members of a node that was given no raft address: there are none, and nobody can join.</summary>
internal sealed class NoPeers : ITransport
{
    /// <inheritdoc/>
    public void Send(PeerMessage message)
    {
        // A folder that once had members and is now started without --raft-addr: they are not reachable, as with a cut cable.
    }

    /// <inheritdoc/>
    public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
    {
        // As above.
    }

    /// <inheritdoc/>
    public void SetIdentity(PeerIdentity identity)
    {
        // Nobody is told.
    }

    /// <inheritdoc/>
    public Task<PeerIdentity?> ProbeAsync(string raftAddress) => Task.FromResult<PeerIdentity?>(null);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held.
    }
}
