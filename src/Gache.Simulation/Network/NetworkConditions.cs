namespace Gache.Simulation;

/// <summary>How badly the network behaves; probabilities are 0 to 1 and are thrown for each message.</summary>
public sealed record NetworkConditions
{
    /// <summary>A network in which nothing goes wrong.</summary>
    public static NetworkConditions Calm { get; } = new();

    /// <summary>The shortest way from one machine to another.</summary>
    public TimeSpan LeastLatency { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>What the latency is spread over above the least.</summary>
    public TimeSpan LatencySpread { get; init; } = TimeSpan.FromMicroseconds(400);

    /// <summary>How often a message is held up for up to <see cref="MostDelay"/>.</summary>
    public double Slow { get; init; }

    /// <summary>The longest time a slow, duplicated or left-over message is under way.</summary>
    public TimeSpan MostDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a message vanishes.</summary>
    public double Loss { get; init; }

    /// <summary>How often a message arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>
    /// True: messages of one kind between two nodes arrive in the order they were sent, as in one TCP connection. False: each for itself, so
    /// that whatever a reconnection or two connections can reorder, and more, is seen.
    /// </summary>
    public bool KeepsOrder { get; init; }

    /// <summary>How often a message that was under way when its connection ended arrives all the same, up to <see cref="MostDelay"/> late.</summary>
    public double Leftover { get; init; } = 0.5;

    /// <summary>The longest time until a connection over a cut line is noticed to be dead.</summary>
    public TimeSpan MostUnnoticedCut { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Draws the time one message is under way.</summary>
    public TimeSpan DrawLatency(SeededRandom random)
    {
        // Two draws: most are near the least, a few near the most, as in a real network.
        double spread = random.NextDouble() * random.NextDouble();
        TimeSpan latency = LeastLatency + new TimeSpan((long)(spread * LatencySpread.Ticks));
        return Slow > 0 && random.Chance(Slow) ? latency + random.Between(TimeSpan.Zero, MostDelay) : latency;
    }
}
