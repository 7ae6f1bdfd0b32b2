using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Peers;

/// <summary>One process of a peer, by its nonce, and the connections with it that stand. Guarded by <see cref="PeerProcesses"/>.</summary>
internal sealed class PeerProcess(NodeId node, ulong nonce)
{
    private const int MaxConnections = 4; // control and bulk, each way

    private long lastHeard;

    public NodeId Node { get; } = node;

    public ulong Nonce { get; } = nonce;

    public List<PeerConnection> Connections { get; } = new(MaxConnections);

    /// <summary>True once the replica was told that it is connected.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>When anything last came from it, as a timestamp; written by its receive threads.</summary>
    public long LastHeard
    {
        get => Volatile.Read(ref lastHeard);
        set => Volatile.Write(ref lastHeard, value);
    }

    public PeerConnection? Find(ConnectionKind kind, bool isDialled) =>
        Connections.Find(c => c.Kind == kind && c.IsDialled == isDialled);
}
