namespace Gache.Replication;

/// <summary>What a transport did since it began; read at scrape, each number by itself.</summary>
public sealed class TransportCounters
{
    private long bytesSent;
    private long framesSent;
    private long bytesReceived;
    private long framesReceived;
    private long messagesDropped;
    private long dials;
    private long refusals;
    private long badFrames;
    private int connectedPeers;

    /// <summary>Bytes given to sockets, preambles not counted.</summary>
    public long BytesSent => Volatile.Read(ref bytesSent);

    /// <summary>Frames given to sockets.</summary>
    public long FramesSent => Volatile.Read(ref framesSent);

    /// <summary>Bytes received, preambles not counted.</summary>
    public long BytesReceived => Volatile.Read(ref bytesReceived);

    /// <summary>Whole frames received.</summary>
    public long FramesReceived => Volatile.Read(ref framesReceived);

    /// <summary>Messages dropped because the peer was not connected, its queue was full, or its connection closed before they were sent.</summary>
    public long MessagesDropped => Volatile.Read(ref messagesDropped);

    /// <summary>Tries to connect, successful or not.</summary>
    public long Dials => Volatile.Read(ref dials);

    /// <summary>Connections refused by name, by us or by the other end.</summary>
    public long Refusals => Volatile.Read(ref refusals);

    /// <summary>Connections ended because of bytes that are no frame.</summary>
    public long BadFrames => Volatile.Read(ref badFrames);

    /// <summary>Peers whose control connection, dialled by us, stands now.</summary>
    public int ConnectedPeers => Volatile.Read(ref connectedPeers);

    internal void Sent(int frames, int bytes)
    {
        Interlocked.Add(ref framesSent, frames);
        Interlocked.Add(ref bytesSent, bytes);
    }

    internal void Received(int frames, int bytes)
    {
        Interlocked.Add(ref framesReceived, frames);
        Interlocked.Add(ref bytesReceived, bytes);
    }

    internal void Dropped(int messages) => Interlocked.Add(ref messagesDropped, messages);

    internal void Dialled() => Interlocked.Increment(ref dials);

    internal void Refused() => Interlocked.Increment(ref refusals);

    internal void BadFrame() => Interlocked.Increment(ref badFrames);

    internal void PeerCountChanged(int by) => Interlocked.Add(ref connectedPeers, by);
}
