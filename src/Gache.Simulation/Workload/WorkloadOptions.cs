namespace Gache.Simulation;

/// <summary>What the clients of a world do.</summary>
public sealed record WorkloadOptions
{
    /// <summary>How many clients, each with one request at a time.</summary>
    public int Clients { get; init; } = 4;

    /// <summary>How many keys they share; few, so that they meet.</summary>
    public int Keys { get; init; } = 5;

    /// <summary>Over how many <c>{tags}</c>, and so slots, the keys are spread; 0: they have none, and all are asked for at one leader.</summary>
    public int Tags { get; init; }

    /// <summary>The longest time a client thinks between two requests.</summary>
    public TimeSpan MostThinking { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A client that has no answer by then hangs up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How often one asks the node that led last, instead of any.</summary>
    public double AsksLeader { get; init; } = 0.7;

    /// <summary>How often an answer is lost on its way to the client.</summary>
    public double LostAnswers { get; init; } = 0.01;

    /// <summary>How often a set or put has a time to live.</summary>
    public double Expiring { get; init; } = 0.15;

    /// <summary>The longest time to live.</summary>
    public TimeSpan LongestTtl { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often a write has an Idempotency-Key, and so is repeated as it was while nothing is known of it.</summary>
    public double Keyed { get; init; } = 0.3;

    /// <summary>How often the answer to a keyed write is lost on its way.</summary>
    public double LostKeyedAnswers { get; init; } = 0.1;

    /// <summary>How often a keyed write that was answered is sent once more, to see that it gets the same answer.</summary>
    public double NeedlessRepeats { get; init; } = 0.2;

    /// <summary>How long after its answer at most; the client asks nothing else meanwhile.</summary>
    public TimeSpan LatestRepeat { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The share of each kind, in the order of <see cref="OperationKind"/>.</summary>
    public IReadOnlyList<int> Mix { get; init; } = [25, 15, 12, 36, 12, 10];

    /// <summary>How often a write has a condition: mostly a revision that the client saw, as a compare-and-set has.</summary>
    public double Conditional { get; init; } = 0.25;

    /// <summary>How often a conditional write waits for its condition, and a linearizable read for a revision other than the one that its client saw.</summary>
    public double Waiting { get; init; } = 0.4;

    /// <summary>The longest wait; with what an answer may take after it, less than <see cref="Patience"/>.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a stale read must have reached the revision that its client saw last of the key.</summary>
    public double NotBefore { get; init; } = 0.5;

    /// <summary>The most attempts of one request: redirects and refusals are followed by another.</summary>
    public int MostAttempts { get; init; } = 4;

    /// <summary>How many counters they share.</summary>
    public int Counters { get; init; } = 2;

    /// <summary>The most attempts of a keyed write.</summary>
    public int MostKeyedAttempts { get; init; } = 8;

    /// <summary>The name of a counter, in the slot of a key.</summary>
    /// <param name="number">0 to <see cref="Counters"/> - 1.</param>
    public string CounterOf(int number) => Tags == 0 ? $"c{number}" : $"{{s{number % Tags}}}c{number}";

    /// <summary>The name of a key.</summary>
    /// <param name="number">0 to <see cref="Keys"/> - 1.</param>
    public string KeyOf(int number) => Tags == 0 ? $"k{number}" : $"{{s{number % Tags}}}k{number}";
}
