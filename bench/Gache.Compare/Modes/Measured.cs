using Gache.Bench;
using Gache.Bench.Measure;
using Gache.Compare.Report;
using Gache.Compare.Subjects;
using HdrHistogram;

namespace Gache.Compare.Modes;

/// <summary>One case, a subject and what it is asked by how many, with its figures of every round.</summary>
internal sealed class Measured(ISubject subject, Part part, int callers, bool mayBeRefused = false)
{
    private readonly List<(LoadResult Result, double ServerMicroseconds)> rounds = [];

    public ISubject Subject => subject;

    public Part Part => part;

    public int Callers => callers;

    public string Operation => part.Reads ? "GET" : "POST";

    public Spread Rate => Spread.Of(rounds.Select(round => round.Result.PerSecond));

    public Spread Milliseconds(double percentile) => Spread.Of(rounds.Select(round => Latencies.At(round.Result.All, percentile).TotalMilliseconds));

    public Spread ServerMicroseconds => Spread.Of(rounds.Select(round => round.ServerMicroseconds));

    /// <summary>How many of 100 answers were refusals.</summary>
    public Spread RefusedPercent => Spread.Of(rounds.Select(round => 100.0 * round.Result.Refused / (round.Result.Right + round.Result.Refused)));

    public Spread OwnMicroseconds => Spread.Of(rounds.Select(round => round.Result.OwnProcessorTime.TotalMicroseconds));

    /// <summary>This one's rate by another's, within each round.</summary>
    public Spread RatioTo(Measured other) => Spread.Of(rounds.Zip(other.rounds, (mine, theirs) => mine.Result.PerSecond / theirs.Result.PerSecond));

    /// <summary>All rounds as one.</summary>
    public LoadResult All()
    {
        LongHistogram all = Tally.NewHistogram();
        foreach ((LoadResult round, _) in rounds) all.Add(round.All);
        return rounds[0].Result with { All = all, Right = all.TotalCount, Elapsed = rounds.Aggregate(TimeSpan.Zero, (sum, round) => sum + round.Result.Elapsed) };
    }

    /// <summary>Measures it once more.</summary>
    /// <exception cref="CompareException">An answer was wrong: then no figure counts.</exception>
    public async Task RunAsync(TimeSpan duration, bool counts, CancellationToken stop)
    {
        double before = subject.Processes.Sum(process => process.ProcessorTime.TotalMicroseconds);
        LoadResult result = await subject.RunAsync(part, callers, duration, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        double used = subject.Processes.Sum(process => process.ProcessorTime.TotalMicroseconds) - before;
        long bad = result.Wrong + result.Unanswered + (mayBeRefused ? 0 : result.Refused);
        if (bad > 0 || result.Right == 0)
            throw new CompareException($"{subject.Name} {Operation} c={callers}: {bad} of {result.Right + bad} answers were not right: {string.Join("; ", result.WrongReasons.Concat(result.Failures))}");
        if (counts) rounds.Add((result, used / result.Right));
    }

    /// <summary>Warms all cases up, then measures them in rounds, another one first each time.</summary>
    public static async Task RunRoundsAsync(IReadOnlyList<Measured> cases, CompareOptions options, CancellationToken stop)
    {
        Console.Error.WriteLine("bench/compare: warming up");
        foreach (Measured each in cases) await each.RunAsync(TimeSpan.FromSeconds(Math.Min(2, options.Duration.TotalSeconds)), counts: false, stop).ConfigureAwait(false);
        for (int round = 0; round < options.Rounds; round++)
        {
            Console.Error.WriteLine($"bench/compare: round {round + 1} of {options.Rounds}");
            for (int i = 0; i < cases.Count; i++) await cases[(i + round) % cases.Count].RunAsync(options.Duration, counts: true, stop).ConfigureAwait(false);
        }
    }
}
