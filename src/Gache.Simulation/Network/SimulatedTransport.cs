using Gache.Primitives;
using Gache.Replication;

namespace Gache.Simulation;

/// <summary>A node's end of the simulated network, in the place of TCP: dials its peers for ever, accepts whom the replica accepts.</summary>
public sealed class SimulatedTransport : ITransport
{
    private readonly SimulatedNetwork network;
    private readonly List<Connection> connections = [];
    private readonly Dictionary<NodeId, Dial> dials = [];
    private ITransportEvents? events;
    private PeerIdentity? identity;
    private bool isDisposed;

    internal SimulatedTransport(SimulatedNetwork network, string address, NodeProcess process)
    {
        this.network = network;
        Address = address;
        Process = process;
        process.Killed += Dispose;
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    internal NodeProcess Process { get; }

    internal bool IsOpen => !isDisposed && Process.IsAlive;

    /// <summary>Begins to listen and to tell what happens; until then everybody who dials is refused.</summary>
    public void Start(ITransportEvents listener) => events = listener;

    /// <inheritdoc/>
    public void SetIdentity(PeerIdentity identity) => this.identity = identity;

    /// <inheritdoc/>
    public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
    {
        foreach (NodeId gone in dials.Keys.Where(id => !peers.Any(p => p.Node == id)).ToList())
        {
            dials[gone].IsWanted = false;
            dials.Remove(gone);
            foreach (Connection connection in connections.Where(c => c.PeerOf(this) == gone).ToList()) connection.Close();
        }

        foreach (PeerAddress peer in peers)
        {
            if (dials.TryGetValue(peer.Node, out Dial? dial))
            {
                if (dial.Peer.RaftAddress == peer.RaftAddress) continue;
                dial.IsWanted = false;
                dial.Connection?.Close();
            }

            dials[peer.Node] = dial = new Dial(this, peer);
            network.Scheduler.After(TimeSpan.Zero, dial);
        }
    }

    /// <inheritdoc/>
    public void Send(PeerMessage message)
    {
        network.Sent?.Invoke(Process, message);
        if (isDisposed || Find(message.To) is not Connection connection) return;

        // The sender may reuse what it handed over as soon as this returns, as it may with a transport that encodes here.
        bool isBulk = message is SnapshotChunk;
        if (message is CoreMessage { Message.Entries.Length: > 0 } core)
        {
            isBulk = true;
            message = core with { Message = core.Message with { Entries = core.Message.Entries.ToArray() } };
        }
        else if (message is SnapshotChunk chunk)
        {
            message = chunk with { Bytes = chunk.Bytes.ToArray() };
        }

        connection.Send(this, message, isBulk);
    }

    /// <inheritdoc/>
    public Task<PeerIdentity?> ProbeAsync(string raftAddress)
    {
        // Not completed asynchronously: the continuation must run inside the event, on the world's one thread.
        var answer = new TaskCompletionSource<PeerIdentity?>();
        Process.After(SimulatedNetwork.ConnectTimeout, () => answer.TrySetResult(null));
        Travel(raftAddress, there =>
        {
            if (there.identity is PeerIdentity found) there.TravelBack(this, () => answer.TrySetResult(found));
        });
        return answer.Task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        foreach (Dial dial in dials.Values) dial.IsWanted = false;
        CloseConnections();
        network.Forget(this);
    }

    internal void CloseConnections()
    {
        foreach (Connection connection in connections.ToList()) connection.Close();
    }

    internal void Arrived(PeerMessage message, NodeId from, ulong senderNonce)
    {
        if (!isDisposed) events?.MessageArrived(message, from, senderNonce);
    }

    internal void ConnectionEnded(Connection connection, NodeId peer)
    {
        connections.Remove(connection);
        if (isDisposed) return;
        if (!connections.Any(c => c.IsOpen && c.PeerOf(this) == peer)) events?.PeerDisconnected(peer);
        if (connection.Dialler == this && dials.TryGetValue(peer, out Dial? dial) && dial.Connection == connection)
        {
            dial.Connection = null;
            network.Scheduler.After(SimulatedNetwork.Redial, dial);
        }
    }

    private Connection? Find(NodeId peer)
    {
        if (dials.TryGetValue(peer, out Dial? dial) && dial.Connection is { IsOpen: true } own) return own;
        foreach (Connection connection in connections)
        {
            if (connection.IsOpen && connection.PeerOf(this) == peer) return connection;
        }

        return null;
    }

    /// <summary>Lets something happen at whoever listens at an address, one way's latency from now; nothing if it cannot be reached.</summary>
    private void Travel(string address, Action<SimulatedTransport> arrive)
    {
        if (network.Conditions.Loss > 0 && network.Random.Chance(network.Conditions.Loss)) return;
        network.Scheduler.After(network.Conditions.DrawLatency(network.Random), () =>
        {
            if (!network.Lines.IsOpen(Address, address) || network.Listener(address) is not SimulatedTransport there) return;
            there.Process.After(TimeSpan.Zero, () =>
            {
                if (there.IsOpen) arrive(there);
            });
        });
    }

    private void TravelBack(SimulatedTransport asker, Action arrive) => Travel(asker.Address, there =>
    {
        if (there == asker) arrive();
    });

    /// <summary>The tries to connect to one peer.</summary>
    private sealed class Dial(SimulatedTransport own, PeerAddress peer) : NodeEvent(own.Process)
    {
        public PeerAddress Peer => peer;

        public bool IsWanted { get; set; } = true;

        public Connection? Connection { get; set; }

        protected override void HappenInProcess()
        {
            if (!IsWanted || own.isDisposed || Connection is not null) return;
            own.network.Scheduler.After(SimulatedNetwork.Redial, this); // the next try, if this one leads to nothing
            if (own.identity is not PeerIdentity introduction) return;
            own.Travel(peer.RaftAddress, there => Accept(there, introduction));
        }

        private void Accept(SimulatedTransport there, PeerIdentity introduction)
        {
            if (there.events is null || there.identity is not PeerIdentity found) return;
            string? refusal = there.events.Judge(introduction, peer.Node);
            if (refusal is not null)
            {
                own.network.Trace?.Invoke($"{there.Process.Name} refuses {own.Process.Name}: {refusal}");
                return;
            }

            there.TravelBack(own, () =>
            {
                if (!IsWanted || Connection is not null || found.Node != peer.Node || !there.IsOpen) return;
                Connection = new Connection(own.network, own, introduction.Node, there, found.Node);
                own.connections.Add(Connection);
                own.events?.PeerConnected(found.Node);
                there.connections.Add(Connection);
                there.Process.After(TimeSpan.Zero, () =>
                {
                    if (there.IsOpen && there.connections.Any(c => c.IsOpen && c.PeerOf(there) == introduction.Node))
                        there.events?.PeerConnected(introduction.Node);
                });
            });
        }
    }
}
