using System.Net;
using System.Net.Sockets;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Tests.Transport;

/// <summary>Dials a raft port byte by byte, also wrongly.</summary>
internal sealed class RawDialler : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };

    public RawDialler(Peer target) => socket.Connect(IPAddress.Loopback, target.Port);

    public void Send(ReadOnlySpan<byte> bytes) => socket.Send(bytes);

    /// <summary>Sends a preamble, reads the answer, and confirms if it was accepted.</summary>
    public PreambleAnswer Introduce(PeerIdentity identity, NodeId expected, ConnectionKind kind = ConnectionKind.Control)
    {
        Send(new Preamble(kind, identity, expected).Encode());
        byte[] header = Receive(PreambleEnvelope.HeaderLength);
        PreambleEnvelope.TryReadHeader(header, PreambleEnvelope.AcceptorMagic, out int length, out _);
        PreambleAnswer answer = PreambleAnswer.TryDecode(Receive(length), out _)!;
        if (answer.Refusal is null) Send([PreambleEnvelope.Confirmation]);
        return answer;
    }

    /// <summary>True once the other end has closed the connection.</summary>
    public bool IsClosed()
    {
        if (!socket.Poll(0, SelectMode.SelectRead)) return false;
        int count = socket.Receive(new byte[256], 0, 256, SocketFlags.None, out SocketError error);
        return count == 0 || error == SocketError.ConnectionReset;
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
