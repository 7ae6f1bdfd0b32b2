using System.Net;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication.Transport;
using Gache.Replication.Transport.Inbound;
using Gache.Replication.Transport.Outbound;
using Gache.Replication.Transport.Peers;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication;

/// <summary>Peers over TCP: each node dials each peer twice (control and bulk) and sends on what it dialled, receives on what it accepted.</summary>
/// <remarks>One blocking thread a connection: measured at under a third of what pipelines cost a follower (ARCHITECTURE.md).</remarks>
public sealed class TcpTransport : ITransport
{
    private readonly TransportEnvironment environment;
    private readonly Listener listener;
    private PeerLinks? links;
    private PeerProcesses? processes;
    private int isDisposed;

    /// <summary>Opens the raft port. Nothing is accepted before <see cref="Start"/>; what dials meanwhile waits.</summary>
    /// <exception cref="TransportListenException">The address is in use, not ours, or reachable by others without leave.</exception>
    public TcpTransport(TcpTransportOptions options)
    {
        environment = new TransportEnvironment(options);
        listener = new Listener(options, environment);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint ListenEndPoint => listener.EndPoint;

    /// <summary>What it did so far.</summary>
    public TransportCounters Counters => environment.Counters;

    /// <summary>Threads that run now; 0 after <see cref="Dispose"/>.</summary>
    internal int ThreadCount => environment.Threads.Count;

    /// <summary>Begins to accept; to be called once, before anything is sent.</summary>
    public void Start(ITransportEvents replica)
    {
        Invariant.Holds(links is null, "a transport is started twice");
        processes = new PeerProcesses(environment, new PeerEvents(replica));
        links = new PeerLinks(environment, processes);
        listener.Start(processes, replica, links);
    }

    /// <inheritdoc/>
    public void Send(PeerMessage message)
    {
        if (links?.Find(message.To) is not { } peer) environment.Counters.Dropped(1);
        else (IsBulk(message) ? peer.Bulk : peer.Control).Send(message);
    }

    /// <inheritdoc/>
    public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
    {
        Invariant.Holds(links is not null, "peers are set before the transport is started");
        links.Set(peers);
    }

    /// <inheritdoc/>
    /// <remarks>Connections on which we said another shard or cluster (none, before we had one) are dialled anew.</remarks>
    public void SetIdentity(PeerIdentity identity)
    {
        environment.Identity = identity;
        processes?.CloseQuietly(
            c => c.IsDialled && (c.ToldIdentity.Shard != identity.Shard || c.ToldIdentity.Cluster != identity.Cluster),
            "we belong to a shard now, and say so anew");
    }

    /// <inheritdoc/>
    public Task<PeerIdentity?> ProbeAsync(string raftAddress)
    {
        var met = new TaskCompletionSource<PeerIdentity?>(TaskCreationOptions.RunContinuationsAsynchronously);
        environment.Threads.Start($"gache probe {raftAddress}", () =>
        {
            Dialled dialled = new Dialler(environment).Dial(
                raftAddress, new Preamble(ConnectionKind.Probe, environment.Identity, default), TransportTimes.Connect, environment.Stopped);
            dialled.Socket?.Dispose();
            met.SetResult(dialled.Met);
        });
        return met.Task;
    }

    /// <summary>Closes the port and all connections and waits for their threads.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0) return;
        environment.Stop();
        listener.Dispose();
        processes?.CloseQuietly(_ => true, "the transport is disposed");
        environment.Threads.Join(Deadline.In(environment.Time, TransportTimes.Stop));
    }

    private static bool IsBulk(PeerMessage message) =>
        message is SnapshotChunk or CoreMessage { Message: { Kind: MessageKind.Append, Entries.Length: > 0 } };
}
