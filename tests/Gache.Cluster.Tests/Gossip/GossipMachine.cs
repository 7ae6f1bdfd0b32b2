using Gache.Primitives;
using Gache.Simulation;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>A machine with one node that gossips: its disk and clocks outlive its processes.</summary>
internal sealed class GossipMachine
{
    private readonly GossipWorld world;
    private bool isWoken;

    public GossipMachine(GossipWorld world, int number)
    {
        this.world = world;
        (Node, Address, Clock) = (NodeId.New(world.Random), $"10.0.{number / 250}.{number % 250 + 1}:9001", new MachineClock(world.Scheduler));
    }

    public NodeId Node { get; set; }

    public string Address { get; set; }

    public ClusterId Cluster { get; set; }

    public List<string> Seeds { get; } = [];

    public MachineClock Clock { get; }

    public MemoryPeerStore Disk { get; set; } = new();

    public TimeSpan KeepDeadFor { get; set; } = TimeSpan.FromMinutes(15);

    public NodeProcess Process { get; private set; } = null!;

    public Gossiper Gossip { get; private set; } = null!;

    public ulong Nonce => Process.Nonce;

    public bool IsRunning => Process is { IsRunning: true };

    public bool IsAlive => Process is { IsAlive: true };

    public List<GossipAlarm> Alarms { get; } = [];

    /// <summary>Every "alive" and "unreachable" that this process has shown, except first sights.</summary>
    public List<(NodeId Node, bool IsAlive)> Turns { get; } = [];

    public long BytesOnWire { get; set; }

    public IEnumerable<NodeView> Others => Gossip.View.Nodes.Where(node => node.Record.Node != Node);

    public void Start()
    {
        Process = new NodeProcess(world.Scheduler, Address, world.Random.NextUInt64());
        var time = new ProcessTime(world.Scheduler, Clock, Process);
        var options = new GossipOptions
        {
            Node = Node,
            ProcessNonce = Process.Nonce,
            Seeds = [.. Seeds],
            KeepDeadFor = KeepDeadFor,
            Wake = Wake,
        };
        Gossip = new Gossiper(FirstRecord(), options, new WorldCalls(world, this), time, world.Random.Fork(), Disk);
        Gossip.AlarmRaised += Alarms.Add;
        Dictionary<NodeId, bool> was = [];
        Gossip.ViewChanged += view =>
        {
            foreach (NodeView node in view.Nodes)
            {
                if (was.TryGetValue(node.Record.Node, out bool before) && before != node.IsAlive) Turns.Add((node.Record.Node, node.IsAlive));
                was[node.Record.Node] = node.IsAlive;
            }
        };
        isWoken = false;
        time.CreateTimer(_ => Gossip.Tick(), null, world.Random.Between(TimeSpan.Zero, options.TickEvery), options.TickEvery);
    }

    public void Kill() => Process.Kill();

    public NodeRecord FirstRecord() => new()
    {
        Node = Node,
        Cluster = Cluster,
        ApiAddress = Address.Replace(":9001", ":8001", StringComparison.Ordinal),
        RaftAddress = Address.Replace(":9001", ":7001", StringComparison.Ordinal),
        ClusterAddress = Address,
        Shard = new ShardId(Node.Value),
        Role = NodeRole.Follower,
        Term = 1,
        Slots = [new SlotRange(0, 99, 1)],
    };

    public NodeView? View(GossipMachine other) => Gossip.View.Find(other.Node);

    public bool IsAliveHere(GossipMachine other) => View(other) is { IsAlive: true };

    /// <summary>Whether all of them are known and alive here.</summary>
    public bool Sees(IEnumerable<GossipMachine> all) => all.All(IsAliveHere);

    private void Wake()
    {
        if (isWoken) return;
        isWoken = true;
        Process.After(TimeSpan.Zero, () =>
        {
            isWoken = false;
            Gossip.TakeResults();
        });
    }
}
