using System.Net;
using System.Net.Sockets;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Outbound;

/// <summary>What came of one try to dial.</summary>
/// <param name="Socket">The connection, non-blocking, not confirmed yet; null if there is none.</param>
/// <param name="Met">Who answered, as far as somebody did; also when it refused.</param>
/// <param name="Fault">Why there is no connection; null if there is one.</param>
internal readonly record struct Dialled(Socket? Socket, PeerIdentity? Met, string? Fault);

/// <summary>Connects, says who we are, and hears who is there.</summary>
internal sealed class Dialler(TransportEnvironment environment)
{
    /// <summary>One try at every address that the name has now.</summary>
    /// <param name="address">Where, <c>host:port</c>.</param>
    /// <param name="preamble">What to say.</param>
    /// <param name="answerWithin">How long the other end may take to answer once it is connected.</param>
    /// <param name="cancel">Gives up at once.</param>
    public Dialled Dial(string address, Preamble preamble, TimeSpan answerWithin, CancellationToken cancel)
    {
        environment.Counters.Dialled();
        var failed = new Dialled(null, null, "the address is not host:port");
        if (!HostPort.TryParse(address, out HostPort target)) return failed;

        failed = failed with { Fault = $"{target.Host} has no address" };
        foreach (IPAddress ip in target.Resolve(TransportTimes.Resolve, cancel))
        {
            Dialled tried = DialOne(new IPEndPoint(ip, target.Port), preamble, answerWithin, cancel);
            if (tried.Fault is null || tried.Met is not null || cancel.IsCancellationRequested) return tried;
            failed = tried;
        }

        return failed;
    }

    private Dialled DialOne(IPEndPoint endPoint, Preamble preamble, TimeSpan answerWithin, CancellationToken cancel)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        bool isKept = false;
        try
        {
            using CancellationTokenRegistration giveUp = cancel.Register(socket.Dispose);
            PeerIdentity? met = null;
            string? fault = Connect(socket, endPoint) ?? Exchange(socket, preamble, answerWithin, out met);
            isKept = fault is null;
            return new Dialled(isKept ? socket : null, met, fault);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return new Dialled(null, null, e.Message);
        }
        finally
        {
            if (!isKept) socket.Dispose();
        }
    }

    private string? Connect(Socket socket, IPEndPoint endPoint)
    {
        PeerSocket.Configure(socket);
        try
        {
            socket.Connect(endPoint);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // As expected of a non-blocking socket: the outcome is awaited below.
        }

        if (!PeerSocket.Await(socket, SelectMode.SelectWrite, Deadline.In(environment.Time, TransportTimes.Connect)))
            return $"no connection within {TransportTimes.Connect.TotalMilliseconds} ms";
        var error = (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        return error == SocketError.Success ? null : new SocketException((int)error).Message;
    }

    private string? Exchange(Socket socket, Preamble preamble, TimeSpan answerWithin, out PeerIdentity? met)
    {
        met = null;
        if (!PeerSocket.TrySendAll(socket, preamble.Encode())) return "it closed the connection at once";
        byte[]? body = PeerSocket.ReceiveEnvelope(
            socket, PreambleEnvelope.AcceptorMagic, Deadline.In(environment.Time, answerWithin), out string fault);
        PreambleAnswer? answer = body is null ? null : PreambleAnswer.TryDecode(body, out fault);
        if (answer is null) return fault;

        met = answer.Acceptor;
        if (preamble.Kind == ConnectionKind.Probe) return null;
        string? reason = met is null ? answer.Refusal : preamble.Sender.MismatchWith(met, preamble.ExpectedReceiver) ?? answer.Refusal;
        if (reason is not null) environment.Counters.Refused();
        return reason;
    }
}
