using System.Diagnostics;
using Xunit;

namespace Gache.Simulation.Tests;

public class RandomHistoriesTests
{
    [Fact]
    public void History_made_by_a_correct_register_is_accepted()
    {
        for (ulong seed = 0; seed < 400; seed++)
        {
            List<Operation> history = RandomHistory.Make(seed, count: 120, keys: 3, window: 1 + (int)(seed % 8));
            Violation? seen = HistoryChecker.Check(history);
            Assert.True(seen is null, $"seed {seed}: {seen}");
        }
    }

    [Fact]
    public void History_with_one_wrong_answer_is_mostly_found()
    {
        int mutated = 0, found = 0;
        for (ulong seed = 0; seed < 400; seed++)
        {
            List<Operation> history = RandomHistory.Make(seed, count: 120, keys: 3, window: 3);
            if (!Mutate(history, new SeededRandom(seed))) continue;
            mutated++;
            if (HistoryChecker.Check(history) is not null) found++;
        }

        // What is left is not wrong: a read moved to a state that was there at the same time, an existence that an unknown write explains.
        Assert.InRange(mutated, 300, 400);
        Assert.InRange(found / (double)mutated, 0.8, 1.0);
    }

    [Fact]
    public void History_of_some_thousand_operations_is_judged_in_a_moment()
    {
        List<Operation> history = RandomHistory.Make(seed: 1, count: 10_000, keys: 5, window: 6, unknown: 0.2);
        var watch = Stopwatch.StartNew();
        Violation? seen = HistoryChecker.Check(history);
        Assert.True(seen is null, $"{seen}");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        TestContext.Current.TestOutputHelper?.WriteLine($"{history.Count} operations judged in {watch.ElapsedMilliseconds} ms");
    }

    private static bool Mutate(List<Operation> history, SeededRandom random)
    {
        List<Operation> reads = [.. history.Where(o => o.Kind == OperationKind.Read && o.Outcome == Outcome.Done && o.IsFound)];
        List<Operation> writes = [.. history.Where(o => o.WritesValue && o.Outcome == Outcome.Done)];
        switch (random.Next(4))
        {
            case 0: // a read sees another write of its key
                Operation read = random.Pick(reads);
                List<Operation> others = [.. writes.Where(w => w.Key == read.Key && Math.Abs(w.Invoked - read.Invoked) > 40)];
                if (others.Count == 0) return false;
                Operation other = random.Pick(others);
                (read.Value, read.Revision) = (other.Value, other.Revision);
                return true;
            case 1: // a write that was seen is said not to be applied
                Operation? seen = writes.FirstOrDefault(w => reads.Any(r => r.Value == w.Value));
                if (seen is null) return false;
                seen.Outcome = Outcome.NotApplied;
                return true;
            case 2: // two writes change their revisions
                Operation one = random.Pick(writes), two = random.Pick(writes);
                if (one.Key != two.Key || Math.Abs(one.Invoked - two.Invoked) < 40) return false;
                (one.Revision, two.Revision) = (two.Revision, one.Revision);
                return true;
            default: // a read misses what is there
                Operation blind = random.Pick(reads);
                (blind.IsFound, blind.Value, blind.Revision) = (false, 0, 0);
                return true;
        }
    }
}
