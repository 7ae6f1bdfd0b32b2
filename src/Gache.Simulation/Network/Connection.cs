using Gache.Primitives;
using Gache.Replication;

namespace Gache.Simulation;

/// <summary>
/// What two processes have between them once a dial was accepted: control and bulk connection as one. Each end learns by itself that it ended,
/// and what was under way may still arrive.
/// </summary>
internal sealed class Connection
{
    private readonly SimulatedNetwork network;
    private readonly End dialler;
    private readonly End accepter;
    private readonly Action linesChanged;
    private SimulatedEvent? breakdown;

    public Connection(SimulatedNetwork network, SimulatedTransport dialler, NodeId diallerId, SimulatedTransport accepter, NodeId accepterId)
    {
        this.network = network;
        this.dialler = new End(dialler, diallerId);
        this.accepter = new End(accepter, accepterId);
        linesChanged = NoticeCut;
        network.Lines.Changed += linesChanged;
        NoticeCut();
    }

    public bool IsOpen { get; private set; } = true;

    public SimulatedTransport Dialler => dialler.Transport;

    public NodeId PeerOf(SimulatedTransport own) => own == dialler.Transport ? accepter.Id : dialler.Id;

    /// <summary>Sends from one end to the other.</summary>
    public void Send(SimulatedTransport from, PeerMessage message, bool isBulk)
    {
        End sender = from == dialler.Transport ? dialler : accepter;
        End receiver = from == dialler.Transport ? accepter : dialler;
        NetworkConditions conditions = network.Conditions;
        network.SentCount++;
        if (conditions.Loss > 0 && network.Random.Chance(conditions.Loss)) return;
        Carry(sender, receiver, message, isBulk);
        if (conditions.Duplication > 0 && network.Random.Chance(conditions.Duplication)) Carry(sender, receiver, message, isBulk);
    }

    /// <summary>Ends it: each end that still lives notices, this one at once or after the news came over.</summary>
    public void Close()
    {
        if (!IsOpen) return;
        IsOpen = false;
        network.Lines.Changed -= linesChanged;
        if (breakdown is not null) EventScheduler.Cancel(breakdown);
        TellEnded(dialler, accepter);
        TellEnded(accepter, dialler);
    }

    private void Carry(End sender, End receiver, PeerMessage message, bool isBulk)
    {
        TimeSpan latency = network.Conditions.DrawLatency(network.Random);
        long at = network.Scheduler.NowTicks + latency.Ticks;
        if (network.Conditions.KeepsOrder)
        {
            ref long last = ref isBulk ? ref sender.LastBulkArrival : ref sender.LastControlArrival;
            last = at = Math.Max(at, last);
        }

        network.Scheduler.At(at, new Delivery(this, sender, receiver, message));
    }

    private void TellEnded(End end, End other)
    {
        // The kernel of a machine that can be reached says at once that the process is gone; over a cut line each end finds out by itself.
        TimeSpan notice = network.Conditions.DrawLatency(network.Random);
        if (!network.Lines.IsOpen(other.Transport.Address, end.Transport.Address))
            notice += network.Random.Between(TimeSpan.Zero, network.Conditions.MostUnnoticedCut);
        end.Transport.Process.After(notice, () => end.Transport.ConnectionEnded(this, other.Id));
    }

    private void NoticeCut()
    {
        bool isWhole = network.Lines.IsOpen(dialler.Transport.Address, accepter.Transport.Address)
            && network.Lines.IsOpen(accepter.Transport.Address, dialler.Transport.Address);
        if (isWhole && breakdown is not null)
        {
            EventScheduler.Cancel(breakdown); // healed in time: it goes on as if nothing had been
            breakdown = null;
        }
        else if (!isWhole && breakdown is null)
        {
            breakdown = network.Scheduler.After(network.Random.Between(TimeSpan.Zero, network.Conditions.MostUnnoticedCut), Close);
        }
    }

    private sealed class End(SimulatedTransport transport, NodeId id)
    {
        public long LastControlArrival;
        public long LastBulkArrival;

        public SimulatedTransport Transport => transport;

        public NodeId Id => id;
    }

    /// <summary>A message on its way.</summary>
    private sealed class Delivery(Connection connection, End sender, End receiver, PeerMessage message) : NodeEvent(receiver.Transport.Process)
    {
        private bool isLeftover;

        protected override void HappenInProcess()
        {
            SimulatedNetwork network = connection.network;
            if (!isLeftover && !network.Lines.IsOpen(sender.Transport.Address, receiver.Transport.Address)) return;
            if (!connection.IsOpen && !isLeftover)
            {
                if (!network.Random.Chance(network.Conditions.Leftover)) return;
                isLeftover = true; // read from the socket's buffer, or from the other of the two connections, some time after the end
                network.Scheduler.After(network.Random.Between(TimeSpan.Zero, network.Conditions.MostDelay), this);
                return;
            }

            receiver.Transport.Arrived(message, sender.Id, sender.Transport.Process.Nonce);
        }
    }
}
