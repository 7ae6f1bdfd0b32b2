using Gache.Replication.Transport.Peers;
using Gache.Replication.Transport.Wire;
using Microsoft.Extensions.Logging;

namespace Gache.Replication.Transport.Outbound;

/// <summary>Keeps one connection to one peer: dials, sends, and dials again, until it is stopped. Owns one thread.</summary>
internal sealed class PeerLink
{
    private readonly TransportEnvironment environment;
    private readonly PeerProcesses processes;
    private readonly Dialler dialler;
    private readonly PeerAddress peer;
    private readonly ConnectionKind kind;
    private readonly Lock stopGate = new();
    private CancellationTokenSource? stop; // null once the thread has ended
    private volatile FrameSender? sender;
    private volatile bool isDialBack;

    public PeerLink(TransportEnvironment environment, PeerProcesses processes, Dialler dialler, PeerAddress peer, ConnectionKind kind)
    {
        this.environment = environment;
        this.processes = processes;
        this.dialler = dialler;
        this.peer = peer;
        this.kind = kind;
        stop = CancellationTokenSource.CreateLinkedTokenSource(environment.Stopped);
    }

    /// <summary>We dial only because the peer dialled us; said in the preamble.</summary>
    public bool IsDialBack
    {
        get => isDialBack;
        set => isDialBack = value;
    }

    /// <summary>Begins to dial.</summary>
    public void Start() => environment.Threads.Start($"gache {kind} {peer.RaftAddress}", Run);

    /// <summary>Ends the thread soon, and closes its connection; does not wait for it.</summary>
    public void Stop()
    {
        lock (stopGate) stop?.Cancel();
    }

    /// <summary>Sends or queues a message; drops it if the peer is not connected or the queue is full.</summary>
    public void Send(PeerMessage message)
    {
        if (sender?.TrySend(message) is not true) environment.Counters.Dropped(1);
    }

    private void Run()
    {
        CancellationToken cancel = stop!.Token;
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                Deadline nextTry = Deadline.In(environment.Time, TransportTimes.Redial);
                var preamble = new Preamble(kind, environment.Identity, peer.Node, isDialBack);
                Dialled dialled = dialler.Dial(peer.RaftAddress, preamble, TransportTimes.Preamble, cancel);
                string? fault = dialled.Socket is null
                    ? dialled.Fault
                    : Carry(new PeerConnection(dialled.Socket, isDialled: true, preamble, dialled.Met!), cancel);
                if (cancel.IsCancellationRequested) return;
                if (fault is not null && environment.Said.LevelOf(Subject, fault) is var level and not LogLevel.None) environment.Log.DialFailed(level, peer.Node, peer.RaftAddress, fault);
                TimeSpan wait = nextTry.Remaining;
                if (wait > TimeSpan.Zero) cancel.WaitHandle.WaitOne(wait);
            }
        }
        finally
        {
            lock (stopGate)
            {
                stop.Dispose();
                stop = null;
            }
        }
    }

    private string Subject => $"{peer.Node} {peer.RaftAddress}";

    // Returns when the connection is over: null if it stood, else why it did not come to stand.
    private string? Carry(PeerConnection connection, CancellationToken cancel)
    {
        string? refusal = processes.RefuseRival(connection.Peer);
        if (refusal is null && !PeerSocket.TrySendAll(connection.Socket, [PreambleEnvelope.Confirmation])) refusal = "it closed the connection";
        if (refusal is not null)
        {
            connection.Close(refusal);
            return refusal;
        }

        // Before the replica is told: it may send from within the telling.
        var frames = new FrameSender(connection, kind == ConnectionKind.Bulk ? SendBounds.Bulk : SendBounds.Control, environment);
        sender = frames;
        using CancellationTokenRegistration stopping = cancel.Register(() => CloseQuietly(connection));
        using CancellationTokenRegistration waking = cancel.Register(frames.End);
        if (processes.TryAdd(connection, out refusal) is null)
        {
            connection.Close(refusal!);
        }
        else
        {
            if (kind == ConnectionKind.Control) environment.Said.Forget(Subject);
            CloseWatch.Begin(connection.Socket, reason =>
            {
                connection.Close(reason);
                processes.Lost(connection);
                frames.End();
            });
            frames.Run();
            if (cancel.IsCancellationRequested) CloseQuietly(connection);
            connection.Close("sending ended");
            processes.Lost(connection);
        }

        sender = null;
        frames.End();
        return refusal;
    }

    // Taken out of the processes first: else the close would look like a loss, and the replica be told of it.
    private void CloseQuietly(PeerConnection connection)
    {
        const string Reason = "it is no peer any more";
        processes.CloseQuietly(c => ReferenceEquals(c, connection), Reason);
        connection.Close(Reason);
    }
}
