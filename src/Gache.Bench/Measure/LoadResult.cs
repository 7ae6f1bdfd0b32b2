using HdrHistogram;

namespace Gache.Bench.Measure;

/// <summary>What a run gave. Latencies are in ticks of 100 ns, those of right answers.</summary>
internal sealed record LoadResult
{
    /// <summary>What was asked.</summary>
    public required Part Part { get; init; }

    /// <summary>By how many at a time.</summary>
    public required int Callers { get; init; }

    /// <summary>Requests a second that were due, or null in a closed loop.</summary>
    public double? WantedRate { get; init; }

    /// <summary>From the start of what is measured to its last answer.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Right answers, <see cref="Missing"/> among them.</summary>
    public required long Right { get; init; }

    /// <summary>Reads of keys that this run has not set, and that were not there.</summary>
    public long Missing { get; init; }

    /// <summary>Requests that were sent on to a key's owner.</summary>
    public long Redirected { get; init; }

    /// <summary>Answers that said "not now" in the contract's words: 429, 503, 504, 507.</summary>
    public long Refused { get; init; }

    /// <summary>Requests without an answer.</summary>
    public long Unanswered { get; init; }

    /// <summary>Answers that must never be.</summary>
    public required long Wrong { get; init; }

    /// <summary>Open loop: requests that were due and found no caller free until the end.</summary>
    public long NotSent { get; init; }

    /// <summary>Longest time without any right answer.</summary>
    public TimeSpan LongestGap { get; init; }

    /// <summary>Longest time without an acknowledged write.</summary>
    public TimeSpan LongestWriteGap { get; init; }

    /// <summary>Work of the load generator itself an answer: a gauge of the machine, and of what the server could not use.</summary>
    public TimeSpan OwnProcessorTime { get; init; }

    /// <summary>Latencies of all.</summary>
    public required HistogramBase All { get; init; }

    /// <summary>Of the reads.</summary>
    public required HistogramBase Reads { get; init; }

    /// <summary>Of the writes.</summary>
    public required HistogramBase Writes { get; init; }

    /// <summary>How long the server took to refuse; since each was sent, not since it was due.</summary>
    public HistogramBase Refusals { get; init; } = Tally.NewHistogram();

    /// <summary>How it went.</summary>
    public IReadOnlyList<Sample> Samples { get; init; } = [];

    /// <summary>Some wrong answers in words.</summary>
    public IReadOnlyList<string> WrongReasons { get; init; } = [];

    /// <summary>Some refused or missing answers in words.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>Right answers a second.</summary>
    public double PerSecond => Elapsed > TimeSpan.Zero ? Right / Elapsed.TotalSeconds : 0;
}
