using Gache.Primitives;

namespace Gache.Replication.Transport.Peers;

/// <summary>Tells the replica of connects and disconnects in the order they happened, without holding a lock while it does.</summary>
/// <remarks>The replica may step inside the call and come back to the transport; a lock held here would then wait for itself.</remarks>
internal sealed class PeerEvents(ITransportEvents replica)
{
    private readonly Lock gate = new();
    private readonly Queue<(NodeId Peer, bool IsConnected)> waiting = new();
    private bool isTelling;

    public void Add(NodeId peer, bool isConnected)
    {
        lock (gate) waiting.Enqueue((peer, isConnected));
    }

    /// <summary>Tells what waits, unless another thread is doing so.</summary>
    public void Tell()
    {
        while (true)
        {
            (NodeId Peer, bool IsConnected) next;
            lock (gate)
            {
                if (isTelling || !waiting.TryDequeue(out next)) return;
                isTelling = true;
            }

            try
            {
                if (next.IsConnected) replica.PeerConnected(next.Peer);
                else replica.PeerDisconnected(next.Peer);
            }
            finally
            {
                lock (gate) isTelling = false;
            }
        }
    }
}
