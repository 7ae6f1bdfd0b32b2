using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;

namespace Gache.Simulation;

/// <summary>
/// The network between the machines of a world: it carries what the transports send, late, twice, out of order or not at all, as its
/// conditions and lines say. Everything is drawn from its own dice.
/// </summary>
public sealed class SimulatedNetwork
{
    /// <summary>A peer is dialled again this long after the last try (defaults: peers).</summary>
    public static readonly TimeSpan Redial = TimeSpan.FromMilliseconds(250);

    /// <summary>A dial or probe that was not answered by then has failed (defaults: connect).</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, SimulatedTransport> listeners = [];
    private readonly Dictionary<string, SimulatedCalls> clusterPorts = [];

    /// <summary>Makes a calm network with all lines open.</summary>
    public SimulatedNetwork(EventScheduler scheduler, SeededRandom random)
    {
        Scheduler = scheduler;
        Random = random;
    }

    /// <summary>How badly it behaves from now on.</summary>
    public NetworkConditions Conditions { get; set; } = NetworkConditions.Calm;

    /// <summary>Who reaches whom.</summary>
    public Lines Lines { get; } = new();

    /// <summary>Messages that were given to it.</summary>
    public long SentCount { get; internal set; }

    /// <summary>Calls that were made over it.</summary>
    public long CallCount { get; internal set; }

    /// <summary>Told of everything a trace should show; null while nobody traces.</summary>
    public Action<string>? Trace { get; set; }

    /// <summary>Told of every message that a process hands over, before anything befalls it.</summary>
    public Action<NodeProcess, PeerMessage>? Sent { get; set; }

    internal EventScheduler Scheduler { get; }

    internal SeededRandom Random { get; }

    /// <summary>Listens at an address for a process; whoever listened there before must be dead or disposed.</summary>
    public SimulatedTransport Listen(string address, NodeProcess process)
    {
        Invariant.Holds(Listener(address) is null, $"two processes would listen at {address}");
        var transport = new SimulatedTransport(this, address, process);
        listeners[address] = transport;
        return transport;
    }

    /// <summary>Opens the cluster port of a process.</summary>
    /// <param name="address">Its cluster address.</param>
    /// <param name="line">The machine's place in <see cref="Lines"/>: its raft address.</param>
    /// <param name="process">The process.</param>
    /// <param name="identity">Who it is at any moment.</param>
    internal SimulatedCalls OpenClusterPort(string address, string line, NodeProcess process, Func<ClusterIdentity> identity) =>
        clusterPorts[address] = new SimulatedCalls(this, line, process, identity);

    /// <summary>The living process's cluster port at an address, or null: connecting there is refused.</summary>
    internal SimulatedCalls? CallsAt(string address) => clusterPorts.TryGetValue(address, out SimulatedCalls? found) && found.IsOpen ? found : null;

    /// <summary>Resets every connection of an address, as a router that restarts does: both ends notice.</summary>
    public void ResetConnections(string address) => Listener(address)?.CloseConnections();

    /// <summary>The living transport at an address, or null: connecting there is refused.</summary>
    internal SimulatedTransport? Listener(string address) =>
        listeners.TryGetValue(address, out SimulatedTransport? found) && found.IsOpen ? found : null;

    internal void Forget(SimulatedTransport transport)
    {
        if (listeners.TryGetValue(transport.Address, out SimulatedTransport? found) && found == transport) listeners.Remove(transport.Address);
    }
}
