namespace Gache.Simulation;

/// <summary>How long a machine's disk takes, drawn for each operation.</summary>
public sealed class DiskSpeed(SeededRandom random)
{
    private static readonly TimeSpan LeastWrite = TimeSpan.FromMicroseconds(20);
    private static readonly TimeSpan MostWrite = TimeSpan.FromMicroseconds(200);
    private static readonly TimeSpan LeastSync = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan MostSync = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan MostBackground = TimeSpan.FromMilliseconds(20);

    /// <summary>What a sync may take in addition; zero for a healthy disk.</summary>
    public TimeSpan Slowness { get; set; }

    /// <summary>The time until a write has reached the page cache.</summary>
    public TimeSpan DrawWrite() => random.Between(LeastWrite, MostWrite);

    /// <summary>The time until a sync returns.</summary>
    public TimeSpan DrawSync() => random.Between(LeastSync, MostSync) + random.Between(TimeSpan.Zero, Slowness);

    /// <summary>The time until a piece of background work is done.</summary>
    public TimeSpan DrawBackground() => random.Between(LeastWrite, MostBackground) + random.Between(TimeSpan.Zero, Slowness);
}
