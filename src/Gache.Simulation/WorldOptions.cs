using Gache.Primitives;

namespace Gache.Simulation;

/// <summary>What kind of world a seed is played in. What is not set is drawn from the seed.</summary>
public sealed record WorldOptions
{
    /// <summary>How long faults happen, in the world's time.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many shards share the slots from the beginning; with more than one, another one joins and slots move.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>How many machines form a shard: 3 or 5; 0: drawn from the seed, and 3 where there is more than one shard.</summary>
    public int Machines { get; init; }

    /// <summary>How many clients transfer money by transactions; all in one slot.</summary>
    public int Bankers { get; init; }

    /// <summary>How many clients scan all keys.</summary>
    public int Scanners { get; init; }

    /// <summary>The longest time in which a cluster must form, and in which it must serve again once all is healed.</summary>
    public TimeSpan MostHealing { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A mistake that is planted in the production code while the world runs.</summary>
    public PlantedFault Planted { get; init; }

    /// <summary>How many lines a trace keeps, where one is kept.</summary>
    public int TraceLines { get; init; } = 400;

    /// <summary>What the clients do.</summary>
    public WorkloadOptions Workload { get; init; } = new();
}
