namespace Gache.Cluster;

/// <summary>What a <see cref="CallClient"/> or a <see cref="CallServer"/> did since it began; read at scrape, each number by itself.</summary>
/// <remarks>One object may serve both, as their figures are apart.</remarks>
public sealed class CallCounters
{
    private const int Kinds = 32; // one for all unknown ones

    private readonly long[] sent = new long[Kinds];
    private readonly long[] answered = new long[Kinds];
    private readonly long[] failed = new long[Kinds * 4];
    private readonly long[] received = new long[Kinds];
    private readonly long[] served = new long[Kinds];
    private long bytesIn;
    private long bytesOut;
    private long badFrames;
    private long refusedConnections;
    private long refusedRequests;
    private long dials;
    private long dialled;
    private long accepted;

    /// <summary>Bytes received in whole frames, of both directions of calls.</summary>
    public long BytesIn => Volatile.Read(ref bytesIn);

    /// <summary>Bytes of frames that were written.</summary>
    public long BytesOut => Volatile.Read(ref bytesOut);

    /// <summary>Connections ended because of bytes that are no frame.</summary>
    public long BadFrames => Volatile.Read(ref badFrames);

    /// <summary>Connections refused by name, by us or by the other end, and diallers that said nothing or no preamble.</summary>
    public long RefusedConnections => Volatile.Read(ref refusedConnections);

    /// <summary>Requests that arrived and were refused before the handler saw them.</summary>
    public long RefusedRequests => Volatile.Read(ref refusedRequests);

    /// <summary>Tries to connect, successful or not.</summary>
    public long Dials => Volatile.Read(ref dials);

    /// <summary>Connections that we dialled and that stand now.</summary>
    public long DialledConnections => Volatile.Read(ref dialled);

    /// <summary>Connections that others dialled and that stand now.</summary>
    public long AcceptedConnections => Volatile.Read(ref accepted);

    /// <summary>Calls of this kind that were written to a connection, as far as that is known.</summary>
    public long Sent(CallKind kind) => Volatile.Read(ref sent[Index(kind)]);

    /// <summary>Calls of this kind that were answered.</summary>
    public long Answered(CallKind kind) => Volatile.Read(ref answered[Index(kind)]);

    /// <summary>Calls of this kind that ended with this outcome; 0 for <see cref="CallOutcome.Answered"/>.</summary>
    public long Failed(CallKind kind, CallOutcome outcome) => Volatile.Read(ref failed[Index(kind) * 4 + (int)outcome]);

    /// <summary>Requests of this kind that were handed to the handler.</summary>
    public long Received(CallKind kind) => Volatile.Read(ref received[Index(kind)]);

    /// <summary>Requests of this kind that the handler answered in time.</summary>
    public long Served(CallKind kind) => Volatile.Read(ref served[Index(kind)]);

    internal void CallSent(CallKind kind) => Interlocked.Increment(ref sent[Index(kind)]);

    internal void CallEnded(CallKind kind, CallOutcome outcome)
    {
        if (outcome == CallOutcome.Answered) Interlocked.Increment(ref answered[Index(kind)]);
        else Interlocked.Increment(ref failed[Index(kind) * 4 + (int)outcome]);
    }

    internal void RequestReceived(CallKind kind) => Interlocked.Increment(ref received[Index(kind)]);

    internal void RequestServed(CallKind kind) => Interlocked.Increment(ref served[Index(kind)]);

    internal void RequestRefused() => Interlocked.Increment(ref refusedRequests);

    internal void FrameReceived(int bytes) => Interlocked.Add(ref bytesIn, bytes);

    internal void FrameWritten(int bytes) => Interlocked.Add(ref bytesOut, bytes);

    internal void BadFrame() => Interlocked.Increment(ref badFrames);

    internal void ConnectionRefused() => Interlocked.Increment(ref refusedConnections);

    internal void Dialled() => Interlocked.Increment(ref dials);

    internal void DialledCountChanged(int by) => Interlocked.Add(ref dialled, by);

    internal void AcceptedCountChanged(int by) => Interlocked.Add(ref accepted, by);

    private static int Index(CallKind kind) => (byte)kind < Kinds ? (byte)kind : 0;
}
