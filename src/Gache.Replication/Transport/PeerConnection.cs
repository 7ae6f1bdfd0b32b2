using System.Net.Sockets;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport;

/// <summary>One connection with a peer's process whose preambles were exchanged; closed once, by whoever finds a reason first.</summary>
internal sealed class PeerConnection(Socket socket, bool isDialled, Preamble preamble, PeerIdentity acceptor)
{
    private string? closeReason;

    public Socket Socket { get; } = socket;

    public ConnectionKind Kind { get; } = preamble.Kind;

    /// <summary>True if we dialled, and so send on it; else we receive.</summary>
    public bool IsDialled { get; } = isDialled;

    /// <summary>Who is at the other end, as it said itself.</summary>
    public PeerIdentity Peer { get; } = isDialled ? acceptor : preamble.Sender;

    /// <summary>Who we said we are.</summary>
    public PeerIdentity ToldIdentity { get; } = isDialled ? preamble.Sender : acceptor;

    /// <summary>True if the dialler dials only because it was dialled.</summary>
    public bool IsDialBack { get; } = preamble.IsDialBack;

    public bool IsClosed => Volatile.Read(ref closeReason) is not null;

    /// <summary>Why it was closed.</summary>
    public string CloseReason => Volatile.Read(ref closeReason) ?? "it stands";

    /// <summary>Closes the socket, which also ends what its threads wait for; only the first call has an effect.</summary>
    public void Close(string reason)
    {
        if (Interlocked.CompareExchange(ref closeReason, reason, null) is null) Socket.Dispose();
    }
}
