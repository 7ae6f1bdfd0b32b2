using Gache.Primitives;

namespace Gache.Replication;

/// <summary>Carries messages between the members of one shard: over TCP, or in the simulated world.</summary>
/// <remarks>
/// Sending never blocks and may lose; whatever is lost or late the core repairs. Two connections a peer (control and bulk), so that large
/// values never delay a heartbeat: appends with entries and snapshot chunks go over bulk, all else over control.
/// </remarks>
public interface ITransport : IDisposable
{
    /// <summary>Queues a message, or drops it when the peer's bounded queue is full or the peer is not connected.</summary>
    /// <remarks>The message's bytes (payloads, a chunk) must not change afterwards: they may be sent later.</remarks>
    void Send(PeerMessage message);

    /// <summary>Whom to stay connected to from now on; connections to others are closed, new ones dialled (and redialled for ever).</summary>
    void SetPeers(IReadOnlyCollection<PeerAddress> peers);

    /// <summary>Who we are, for the preambles of connections made from now on.</summary>
    void SetIdentity(PeerIdentity identity);

    /// <summary>Dials an address once and says who is there; null if nobody answered in time (250 ms) or it was no gache node.</summary>
    Task<PeerIdentity?> ProbeAsync(string raftAddress);
}

/// <summary>What a transport tells the replica; called from any thread, and never blocks for long.</summary>
public interface ITransportEvents
{
    /// <summary>A message arrived from the process <paramref name="senderNonce"/> of the node <paramref name="from"/>.</summary>
    void MessageArrived(PeerMessage message, NodeId from, ulong senderNonce);

    /// <summary>A connection to this peer's process stands (again): what was in flight before may be lost.</summary>
    void PeerConnected(NodeId peer);

    /// <summary>The last control connection with this peer's process closed: it ended, or was cut off.</summary>
    void PeerDisconnected(NodeId peer);

    /// <summary>
    /// Somebody dialled us to stay connected (a probe is answered without asking). Called before anything of the connection is believed; the replica checks shard, cluster and the id it
    /// is expected to have, and returns the words of a refusal, or null to accept.
    /// </summary>
    string? Judge(PeerIdentity dialler, NodeId expectedReceiver);
}
