using System.Globalization;
using Gache.Primitives;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Peers;

/// <summary>Which processes we have connections with: what admits a new one, and what follows when one closes.</summary>
/// <remarks>
/// Control connections with a process stand or fall together with all others: when one closes, the process ended or was cut off, so the
/// replica is told once and everything is dialled anew.
/// </remarks>
internal sealed class PeerProcesses(TransportEnvironment environment, PeerEvents events)
{
    private readonly Lock gate = new();
    private readonly List<PeerProcess> processes = [];

    /// <summary>Adds a connection and says which process it belongs to; null with words if another live process has this id.</summary>
    public PeerProcess? TryAdd(PeerConnection connection, out string? refusal)
    {
        List<PeerConnection> superseded = [];
        PeerProcess? process;
        bool isConnected = false;
        lock (gate)
        {
            refusal = Rival(connection.Peer);
            if (refusal is not null) return null;
            foreach (PeerProcess silent in processes.FindAll(p => IsRival(p, connection.Peer))) superseded.AddRange(Drop(silent));

            process = processes.Find(p => p.Node == connection.Peer.Node);
            if (process is null)
            {
                process = new PeerProcess(connection.Peer.Node, connection.Peer.Nonce);
                processes.Add(process);
            }

            if (process.Find(connection.Kind, connection.IsDialled) is { } earlier)
            {
                process.Connections.Remove(earlier);
                superseded.Add(earlier);
            }

            process.Connections.Add(connection);
            process.LastHeard = environment.Time.GetTimestamp();
            if (connection.IsDialled && process.Find(ConnectionKind.Control, true) is not null && process.Find(ConnectionKind.Bulk, true) is not null)
            {
                if (!process.IsAnnounced) environment.Counters.PeerCountChanged(1);
                process.IsAnnounced = isConnected = true;
                events.Add(process.Node, isConnected: true);
            }
        }

        foreach (PeerConnection old in superseded) old.Close("a newer connection took its place");
        if (isConnected) environment.Log.Connected(connection.Peer.Node, connection.Peer.RaftAddress);
        events.Tell();
        return process;
    }

    /// <summary>Words of a refusal if another process with this id is connected and was heard within an election timeout, else null.</summary>
    public string? RefuseRival(PeerIdentity peer)
    {
        lock (gate) return Rival(peer);
    }

    /// <summary>A connection closed, for whatever reason but our own wish.</summary>
    public void Lost(PeerConnection connection)
    {
        List<PeerConnection> others = [];
        lock (gate)
        {
            PeerProcess? process = processes.Find(p => p.Connections.Contains(connection));
            if (process is null) return; // it was replaced, or went with its process
            if (connection.Kind == ConnectionKind.Control) others = Drop(process);
            else process.Connections.Remove(connection);
        }

        // First the news: it decides how soon a new leader is elected.
        events.Tell();
        foreach (PeerConnection other in others) other.Close("another connection with the same process was lost");
        if (others.Count > 0) environment.Log.Disconnected(connection.Peer.Node, connection.CloseReason);
    }

    /// <summary>Closes the connections that the predicate picks, by our own wish: the replica is told nothing.</summary>
    public void CloseQuietly(Predicate<PeerConnection> which, string reason)
    {
        List<PeerConnection> closing = [];
        lock (gate)
        {
            foreach (PeerProcess process in processes)
            {
                closing.AddRange(process.Connections.FindAll(which));
                process.Connections.RemoveAll(which);
                if (process.IsAnnounced && process.Find(ConnectionKind.Control, true) is null)
                {
                    process.IsAnnounced = false;
                    environment.Counters.PeerCountChanged(-1);
                }
            }

            processes.RemoveAll(p => p.Connections.Count == 0);
        }

        foreach (PeerConnection connection in closing) connection.Close(reason);
    }

    /// <summary>True if a control connection stands that this node dialled of its own accord.</summary>
    public bool HasAccepted(NodeId node)
    {
        lock (gate)
        {
            return processes.Exists(p => p.Node == node && p.Find(ConnectionKind.Control, isDialled: false) is { IsDialBack: false });
        }
    }

    private static bool IsRival(PeerProcess process, PeerIdentity peer) => process.Node == peer.Node && process.Nonce != peer.Nonce;

    private string? Rival(PeerIdentity peer)
    {
        foreach (PeerProcess process in processes)
        {
            if (!IsRival(process, peer)) continue;
            TimeSpan silent = environment.Time.GetElapsedTime(process.LastHeard);
            if (silent < TransportTimes.ElectionTimeout)
            {
                return string.Create(CultureInfo.InvariantCulture,
                    $"another process with the id {peer.Node} is alive; two nodes must not run from copies of one data folder");
            }
        }

        return null;
    }

    private List<PeerConnection> Drop(PeerProcess process)
    {
        processes.Remove(process);
        if (process.IsAnnounced) environment.Counters.PeerCountChanged(-1);
        if (!environment.Stopped.IsCancellationRequested) events.Add(process.Node, isConnected: false);
        return process.Connections;
    }
}
