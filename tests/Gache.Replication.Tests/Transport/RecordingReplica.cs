using System.Collections.Concurrent;
using Gache.Primitives;

namespace Gache.Replication.Tests.Transport;

/// <summary>Stands for the replica: notes what the transport tells it, and judges as it is told to.</summary>
internal sealed class RecordingReplica : ITransportEvents
{
    private long arrivedCount;

    public ConcurrentQueue<(PeerMessage Message, NodeId From, ulong Nonce)> Arrived { get; } = new();

    public ConcurrentQueue<(NodeId Peer, bool IsConnected, long Timestamp)> News { get; } = new();

    public ConcurrentQueue<(PeerIdentity Dialler, NodeId Expected)> Judged { get; } = new();

    public Func<PeerIdentity, NodeId, string?> Verdict { get; set; } = (_, _) => null;

    public Action<PeerMessage>? OnArrival { get; set; }

    /// <summary>False counts messages without keeping them.</summary>
    public bool KeepsMessages { get; init; } = true;

    public long ArrivedCount => Volatile.Read(ref arrivedCount);

    public void MessageArrived(PeerMessage message, NodeId from, ulong senderNonce)
    {
        if (KeepsMessages) Arrived.Enqueue((message, from, senderNonce));
        Interlocked.Increment(ref arrivedCount);
        OnArrival?.Invoke(message);
    }

    public void PeerConnected(NodeId peer) => News.Enqueue((peer, true, TimeProvider.System.GetTimestamp()));

    public void PeerDisconnected(NodeId peer) => News.Enqueue((peer, false, TimeProvider.System.GetTimestamp()));

    public string? Judge(PeerIdentity dialler, NodeId expectedReceiver)
    {
        Judged.Enqueue((dialler, expectedReceiver));
        return Verdict(dialler, expectedReceiver);
    }

    public int Connects(NodeId peer) => News.Count(n => n.Peer == peer && n.IsConnected);

    public int Disconnects(NodeId peer) => News.Count(n => n.Peer == peer && !n.IsConnected);

    /// <summary>The last that was told of the peer is that it is connected.</summary>
    public bool IsConnected(NodeId peer) => News.LastOrDefault(n => n.Peer == peer).IsConnected;

    /// <summary>The last that was told of the peer is that it is disconnected. Before, a busy machine may have lost it and found it again, any number of times.</summary>
    public bool IsDisconnected(NodeId peer) => Disconnects(peer) > 0 && !IsConnected(peer);
}
