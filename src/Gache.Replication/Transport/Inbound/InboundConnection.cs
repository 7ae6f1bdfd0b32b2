using System.Net.Sockets;
using Gache.Replication.Transport.Outbound;
using Gache.Replication.Transport.Peers;
using Gache.Replication.Transport.Wire;
using Microsoft.Extensions.Logging;

namespace Gache.Replication.Transport.Inbound;

/// <summary>One accepted connection and its thread: hears who dials, lets the replica judge, then receives until the connection ends.</summary>
internal sealed class InboundConnection(Socket socket, TransportEnvironment environment, PeerProcesses processes, ITransportEvents replica, PeerLinks links)
{
    private readonly string remote = socket.RemoteEndPoint?.ToString() ?? "unknown";

    /// <summary>The whole life of the connection.</summary>
    public void Run()
    {
        using CancellationTokenRegistration stopping = environment.Stopped.Register(socket.Dispose);
        try
        {
            PeerSocket.Configure(socket);
            if (Welcome() is not { } connection) return;
            if (processes.TryAdd(connection, out string? refusal) is not { } process)
            {
                SayRefused(connection.Kind, connection.Peer, refusal!);
                return;
            }

            Carry(connection, process);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It went away before it was a peer's connection: nobody relied on it.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private PeerConnection? Welcome()
    {
        Deadline deadline = Deadline.In(environment.Time, TransportTimes.Preamble);
        byte[]? body = PeerSocket.ReceiveEnvelope(socket, PreambleEnvelope.DiallerMagic, deadline, out string fault);
        PeerIdentity own = environment.Identity;
        Preamble? preamble = body is null ? null : Preamble.TryDecode(body, out fault);
        if (preamble is null)
        {
            // Without a preamble of ours there is nobody to answer; with one of another version its dialler should read why.
            if (body is not null) PeerSocket.TrySendAll(socket, new PreambleAnswer(null, fault).Encode());
            if (environment.Said.IsNew("unknown dialler", fault)) environment.Log.RefusedDialler(LogLevel.Warning, default, remote, fault);
            return null;
        }

        if (preamble.Kind == ConnectionKind.Probe)
        {
            PeerSocket.TrySendAll(socket, new PreambleAnswer(own, null).Encode());
            return null;
        }

        // The replica first, whatever we find ourselves: a foreign dialler may tell it that it must not found a shard.
        string? refusal = replica.Judge(preamble.Sender, preamble.ExpectedReceiver)
            ?? preamble.Sender.MismatchWith(own, preamble.ExpectedReceiver)
            ?? processes.RefuseRival(preamble.Sender);
        PeerSocket.TrySendAll(socket, new PreambleAnswer(own, refusal).Encode());
        if (refusal is not null)
        {
            SayRefused(preamble.Kind, preamble.Sender, refusal);
            return null;
        }

        // A dialler that was not answered in time has gone: its connection must not come to stand only to be lost again.
        Span<byte> confirmation = stackalloc byte[1];
        if (!PeerSocket.TryReceiveAll(socket, confirmation, deadline) || confirmation[0] != PreambleEnvelope.Confirmation) return null;
        environment.Said.Forget(Subject(preamble.Sender));
        return new PeerConnection(socket, isDialled: false, preamble, own);
    }

    private void Carry(PeerConnection connection, PeerProcess process)
    {
        bool isControl = connection.Kind == ConnectionKind.Control;
        if (isControl)
        {
            socket.ReceiveTimeout = (int)TransportTimes.Silence.TotalMilliseconds;
            if (!connection.IsDialBack) links.DialBack(connection.Peer);
        }

        try
        {
            connection.Close(Receive(connection, process));
        }
        finally
        {
            processes.Lost(connection);
            if (isControl) links.EndDialBack(connection.Peer.Node);
        }
    }

    // Returns why it ended.
    private string Receive(PeerConnection connection, PeerProcess process)
    {
        var buffer = new FrameBuffer();
        while (true)
        {
            int count;
            SocketError error;
            try
            {
                count = socket.Receive(buffer.Free(), SocketFlags.None, out error);
            }
            catch (ObjectDisposedException)
            {
                return "it was closed here";
            }

            if (error == SocketError.TimedOut) return $"nothing was heard for {TransportTimes.Silence.TotalSeconds} s";
            if (error != SocketError.Success) return $"the connection broke: {error}";
            if (count == 0) return "it closed the connection";

            process.LastHeard = environment.Time.GetTimestamp();
            buffer.Filled(count);
            if (Deliver(connection, buffer, count) is { } fault)
            {
                environment.Counters.BadFrame();
                environment.Log.ClosedForBadFrame(connection.Kind, $"{connection.Peer.Node} ({remote})", fault);
                return fault;
            }
        }
    }

    private string? Deliver(PeerConnection connection, FrameBuffer buffer, int receivedBytes)
    {
        int frames = 0;
        string? fault;
        while (true)
        {
            FrameRead read = PeerFrame.Read(
                buffer.Received, connection.Peer.Node, connection.ToldIdentity.Node, out int length, out PeerMessage? message, out fault);
            if (read is FrameRead.Incomplete or FrameRead.Bad) break;
            buffer.Consume(length);
            frames++;
            if (message is not null) replica.MessageArrived(message, connection.Peer.Node, connection.Peer.Nonce);
        }

        environment.Counters.Received(frames, receivedBytes);
        return fault;
    }

    private static string Subject(PeerIdentity dialler) => $"from {dialler.Node} {dialler.RaftAddress}";

    private void SayRefused(ConnectionKind kind, PeerIdentity dialler, string refusal)
    {
        environment.Counters.Refused();
        LogLevel level = environment.Said.LevelOf(Subject(dialler), refusal);
        if (level != LogLevel.None && environment.Log.IsEnabled(level))
            environment.Log.RefusedDialler(level, kind, $"node {dialler.Node} at {dialler.RaftAddress} ({remote})", refusal);
    }
}
