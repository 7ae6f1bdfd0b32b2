using System.Net;
using System.Net.Sockets;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Dials a cluster port byte by byte, also wrongly.</summary>
internal sealed class RawDialler : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };

    public RawDialler(string address, int receiveBufferBytes = 0)
    {
        if (receiveBufferBytes > 0) socket.ReceiveBufferSize = receiveBufferBytes;
        socket.Connect(IPEndPoint.Parse(address));
    }

    public void Send(ReadOnlySpan<byte> bytes) => socket.Send(bytes);

    /// <summary>Sends what the other end takes without waiting.</summary>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        socket.Blocking = false;
        int count = socket.Send(bytes, SocketFlags.None, out _);
        socket.Blocking = true;
        return count;
    }

    /// <summary>Sends a preamble and reads its answer.</summary>
    public CallPreambleAnswer Introduce(ClusterIdentity identity, NodeId expected = default)
    {
        Send(new CallPreamble(identity, expected).Encode());
        byte[] header = Receive(PreambleEnvelope.HeaderLength);
        PreambleEnvelope.TryReadHeader(header, CallPreamble.AcceptorMagic, out int length, out _);
        return CallPreambleAnswer.TryDecode(Receive(length), out _)!;
    }

    /// <summary>Reads one whole frame.</summary>
    public (FrameHead Head, byte[] Body) ReceiveFrame()
    {
        FrameHead.TryRead(Receive(FrameHead.Length), out FrameHead head);
        return (head, Receive(head.BodyLength));
    }

    /// <summary>True once the other end has closed the connection; what it sent before is dropped.</summary>
    public bool IsClosed()
    {
        byte[] dropped = new byte[64 * 1024];
        while (socket.Poll(0, SelectMode.SelectRead))
        {
            int count = socket.Receive(dropped, 0, dropped.Length, SocketFlags.None, out SocketError error);
            if (count == 0 || error == SocketError.ConnectionReset) return true;
        }

        return false;
    }

    public void Dispose() => socket.Dispose();

    private byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        for (int received = 0; received < count;)
        {
            int now = socket.Receive(bytes.AsSpan(received));
            if (now == 0) throw new EndOfStreamException();
            received += now;
        }

        return bytes;
    }
}
