namespace Gache.Simulation;

/// <summary>A counter that is only ever added to: each sum is the one before it and what was added, and nothing is added twice or lost.</summary>
/// <remarks>
/// Revisions give the order of the additions that were answered; between two of them additions of which nothing is known may have been
/// carried out, each once. What is added is drawn from 2^40 numbers, so that a difference tells which ones they were.
/// </remarks>
public static class CounterRules
{
    private const int MostTries = 1_000_000; // beyond it a difference counts as explained

    /// <summary>The first violation in the history of one counter, or null.</summary>
    public static Violation? Check(IReadOnlyList<Operation> history)
    {
        List<Operation> done = [.. history.Where(o => o.Outcome == Outcome.Done).OrderBy(o => o.Revision)];
        List<Operation> open = [.. history.Where(o => o.Outcome == Outcome.Unknown).OrderBy(o => o.Counter.Delta)];
        long sum = 0;
        Operation? before = null;
        long askedLast = 0;
        foreach (Operation next in done)
        {
            if (next.Revision == 0 || next.Revision == before?.Revision) return new("one revision has two additions", $"{before} and {next}");
            if (next.Completed < askedLast) return new("an addition stands before one that was answered earlier", $"{before} before {next}");
            askedLast = Math.Max(askedLast, next.Invoked);
            if (next.Value > next.Counter.Max) return new("a sum is beyond its bound", $"{next}");
            if (!next.IsFound && before is not null) return new("a counter was lost", $"{before}, then {next}");

            long missing = next.Value - sum - next.Counter.Delta;
            List<Operation> candidates = [.. open.Where(o => o.Invoked < next.Completed)];
            int tries = 0;
            var used = new List<Operation>();
            if (!Explain(missing, candidates, candidates.Count - 1, used, ref tries))
                return new("an addition was lost or doubled", $"{before}, then {next}: {missing} is no sum of additions of which nothing is known");
            if (missing > 0 && !next.IsFound) return new("a counter that was added to is said to be new", $"{next}");
            open.RemoveAll(used.Contains);
            (sum, before) = (next.Value, next);
        }

        return null;
    }

    /// <summary>Whether some of the candidates up to one make up a sum; the larger ones are tried first.</summary>
    private static bool Explain(long missing, List<Operation> candidates, int last, List<Operation> used, ref int tries)
    {
        if (missing == 0) return true;
        if (missing < 0) return false;
        for (int i = last; i >= 0; i--)
        {
            if (++tries > MostTries) return true;
            used.Add(candidates[i]);
            if (Explain(missing - candidates[i].Counter.Delta, candidates, i - 1, used, ref tries)) return true;
            used.RemoveAt(used.Count - 1);
        }

        return false;
    }
}
