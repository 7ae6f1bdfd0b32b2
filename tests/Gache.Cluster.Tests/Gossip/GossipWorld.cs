using Xunit;
using Gache.Primitives;
using Gache.Simulation;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>Nodes that gossip over a network that may lose, delay, reorder and divide, all in one thread and from one seed.</summary>
internal sealed class GossipWorld
{
    public GossipWorld(ulong seed = 1)
    {
        Random = new SeededRandom(seed);
        Cluster = ClusterId.New(Random);
    }

    public EventScheduler Scheduler { get; } = new();

    public SeededRandom Random { get; }

    public ClusterId Cluster { get; }

    public List<GossipMachine> Machines { get; } = [];

    /// <summary>Names that lead to a machine's address.</summary>
    public Dictionary<string, string> Names { get; } = [];

    public TimeSpan LeastDelay { get; set; } = TimeSpan.FromMilliseconds(0.2);

    public TimeSpan MostDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How likely a message is lost, each way.</summary>
    public double Loss { get; set; }

    /// <summary>Whether one machine's messages reach another.</summary>
    public Func<GossipMachine, GossipMachine, bool> IsConnected { get; set; } = (_, _) => true;

    public GossipMachine Add(params GossipMachine[] seeds) => Add(Cluster, seeds);

    public GossipMachine Add(ClusterId cluster, params GossipMachine[] seeds)
    {
        var machine = new GossipMachine(this, Machines.Count) { Cluster = cluster };
        machine.Seeds.AddRange(seeds.Select(seed => seed.Address));
        Machines.Add(machine);
        return machine;
    }

    /// <summary>Many machines that know the first one, started and met.</summary>
    public GossipMachine[] Form(int count, TimeSpan? within = null)
    {
        GossipMachine first = Add();
        for (int i = 1; i < count; i++) Add(first);
        foreach (GossipMachine machine in Machines) machine.Start();
        RunUntil(() => Machines.All(machine => machine.Sees(Machines)), within ?? TimeSpan.FromSeconds(30));
        return [.. Machines];
    }

    public void Run(TimeSpan time) => Scheduler.RunUntil(Scheduler.Now + time);

    /// <summary>Lets time pass until something holds, looked at every 10 ms.</summary>
    /// <returns>How long it took.</returns>
    public TimeSpan RunUntil(Func<bool> holds, TimeSpan within)
    {
        TimeSpan begin = Scheduler.Now;
        while (!holds())
        {
            Assert.True(Scheduler.Now - begin < within, $"not within {within.TotalSeconds} s");
            Run(TimeSpan.FromMilliseconds(10));
        }

        return Scheduler.Now - begin;
    }

    public TimeSpan Delay() => Random.Between(LeastDelay, MostDelay);

    public bool IsLost() => Loss > 0 && Random.Chance(Loss);
}
