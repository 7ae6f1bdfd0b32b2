using System.Net.Sockets;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Outbound;

/// <summary>The sending side of one dialled connection: a bounded queue, drained by the connection's thread in large writes.</summary>
/// <remarks>
/// While nothing waits and the socket takes it, the caller sends by itself: that saves waking a thread. Order is kept, as this happens only
/// when queue and buffer are empty.
/// </remarks>
internal sealed class FrameSender(PeerConnection connection, SendBounds bounds, TransportEnvironment environment)
{
    /// <summary>Messages are gathered up to this size for one send.</summary>
    private const int GatherBytes = 256 * 1024;

    /// <summary>A larger message is encoded and sent by the connection's own thread, so that the caller does not pay for the copy.</summary>
    private const int DirectBytes = 32 * 1024;

    private const int KeepBytes = 1024 * 1024;

    private static readonly TimeSpan WritablePoll = TimeSpan.FromSeconds(1);

    // Monitor and not Lock: the thread waits on it.
    private readonly object gate = new();
    private readonly Queue<PeerMessage> queue = new();
    private readonly ByteWriter frames = new(64 * 1024);
    private long queuedBytes;
    private int sentBytes; // how much of `frames` the socket has taken
    private bool isSending; // `frames` belongs to the connection's thread
    private bool isEnded;
    private long lastSent = environment.Time.GetTimestamp();

    /// <summary>Sends, or queues, or says that there is no room. Never blocks.</summary>
    public bool TrySend(PeerMessage message)
    {
        int size = PeerFrame.SizeOf(message);
        lock (gate)
        {
            if (isEnded) return false;
            if (!isSending && queue.Count == 0 && sentBytes == frames.Length && size <= DirectBytes)
            {
                frames.Clear();
                sentBytes = 0;
                PeerFrame.Write(frames, message);
                SendWhatFits(1);
                if (sentBytes < frames.Length) Monitor.Pulse(gate);
                return true;
            }

            if (queue.Count >= bounds.Messages || (queue.Count > 0 && queuedBytes + size > bounds.Bytes)) return false;
            queue.Enqueue(message);
            queuedBytes += size;
            if (queue.Count == 1 && !isSending) Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Sends until <see cref="End"/>; the connection's thread.</summary>
    public void Run()
    {
        var taken = new List<PeerMessage>();
        while (TryTake(taken))
        {
            foreach (PeerMessage message in taken) PeerFrame.Write(frames, message);
            int count = Math.Max(taken.Count, 1);
            taken.Clear(); // what was encoded need not stay alive while a slow socket takes it
            while (sentBytes < frames.Length && !connection.IsClosed)
            {
                SendWhatFits(count);
                count = 0;
                if (sentBytes < frames.Length && !connection.IsClosed) AwaitWritable();
            }
        }
    }

    /// <summary>Lets the thread go, and drops what waits.</summary>
    public void End()
    {
        lock (gate)
        {
            isEnded = true;
            environment.Counters.Dropped(queue.Count);
            queue.Clear();
            Monitor.PulseAll(gate);
        }
    }

    // Leaves nothing taken if the rest of a direct send, or a keep-alive, already stands in `frames`.
    private bool TryTake(List<PeerMessage> taken)
    {
        lock (gate)
        {
            isSending = false;
            while (!isEnded && !connection.IsClosed && queue.Count == 0 && sentBytes == frames.Length)
            {
                bool isTimeUp = !AwaitPulse();
                if (isTimeUp && queue.Count == 0 && sentBytes == frames.Length && IsSilent()) WriteKeepAlive();
            }

            if (isEnded || connection.IsClosed) return false;
            isSending = true;
            if (sentBytes < frames.Length) return true;

            frames.ClearAndTrim(KeepBytes);
            sentBytes = 0;
            long bytes = 0;
            while (queue.TryPeek(out PeerMessage? next))
            {
                int size = PeerFrame.SizeOf(next);
                if (bytes > 0 && bytes + size > GatherBytes) break;
                bytes += size;
                queuedBytes -= size;
                taken.Add(queue.Dequeue());
            }

            return true;
        }
    }

    private void WriteKeepAlive()
    {
        frames.Clear();
        sentBytes = 0;
        PeerFrame.WriteKeepAlive(frames);
    }

    private bool AwaitPulse()
    {
        if (connection.Kind == ConnectionKind.Control) return Monitor.Wait(gate, TransportTimes.KeepAlive);
        return Monitor.Wait(gate);
    }

    private bool IsSilent() =>
        connection.Kind == ConnectionKind.Control && environment.Time.GetElapsedTime(lastSent) >= TransportTimes.KeepAlive;

    private void SendWhatFits(int frameCount)
    {
        try
        {
            int count = connection.Socket.Send(frames.Written[sentBytes..], SocketFlags.None, out SocketError error);
            if (error == SocketError.Success)
            {
                sentBytes += count;
                environment.Counters.Sent(frameCount, count);
                lastSent = environment.Time.GetTimestamp();
            }
            else if (error != SocketError.WouldBlock)
            {
                connection.Close($"sending failed: {error}");
            }
        }
        catch (ObjectDisposedException)
        {
            // Closed by another thread, which had a reason.
        }
    }

    private void AwaitWritable()
    {
        try
        {
            PeerSocket.Await(connection.Socket, SelectMode.SelectWrite, Deadline.In(environment.Time, WritablePoll));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.Close($"waiting to send failed: {e.Message}");
        }
    }
}
