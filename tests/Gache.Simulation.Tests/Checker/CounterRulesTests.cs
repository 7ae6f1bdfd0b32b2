using Gache.Store;
using Xunit;

namespace Gache.Simulation.Tests;

public class CounterRulesTests
{
    private readonly List<Operation> history = [];
    private long place;

    [Fact]
    public void Sums_that_follow_from_each_other_are_accepted_with_unknown_additions_between()
    {
        Done(5, 5, 1, isNew: true);
        Unknown(100);
        Done(6, 11, 2);
        Unknown(1_000);
        Declined(7);
        Done(8, 1_119, 5);
        Assert.Null(CounterRules.Check(history));
    }

    [Fact]
    public void A_counter_whose_first_additions_are_all_unknown_is_accepted()
    {
        Unknown(3);
        Done(4, 7, 2);
        Assert.Null(CounterRules.Check(history));
    }

    [Fact]
    public void A_lost_addition_is_found()
    {
        Done(5, 5, 1, isNew: true);
        Done(6, 11, 2);
        Done(7, 12, 3);
        Assert.Equal("an addition was lost or doubled", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_doubled_addition_is_found()
    {
        Done(5, 5, 1, isNew: true);
        Unknown(100);
        Done(6, 211, 4);
        Assert.Equal("an addition was lost or doubled", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_declined_addition_that_was_carried_out_is_found()
    {
        Done(5, 5, 1, isNew: true);
        Declined(100);
        Done(6, 111, 3);
        Assert.Equal("an addition was lost or doubled", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void An_unknown_addition_counts_once()
    {
        Done(5, 5, 1, isNew: true);
        Unknown(100);
        Done(6, 111, 3);
        Done(7, 218, 5);
        Assert.Equal("an addition was lost or doubled", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void An_order_against_real_time_is_found()
    {
        Done(5, 11, 2);
        Done(6, 6, 1, isNew: true);
        Assert.Equal("an addition stands before one that was answered earlier", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_sum_beyond_its_bound_is_found()
    {
        Done(5, 5, 1, isNew: true, max: 4);
        Assert.Equal("a sum is beyond its bound", CounterRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_counter_that_begins_again_is_found()
    {
        Done(5, 5, 1, isNew: true);
        Done(6, 6, 2, isNew: true);
        Assert.Equal("a counter was lost", CounterRules.Check(history)?.Rule);
    }

    private void Done(long delta, long sum, ulong revision, bool isNew = false, long max = long.MaxValue)
    {
        Operation operation = Ask(delta, Outcome.Done, max);
        (operation.Value, operation.Revision, operation.IsFound) = (sum, revision, !isNew);
    }

    private void Unknown(long delta) => Ask(delta, Outcome.Unknown);

    private void Declined(long delta) => Ask(delta, Outcome.Declined);

    private Operation Ask(long delta, Outcome outcome, long max = long.MaxValue)
    {
        var operation = new Operation
        {
            Client = 1, Kind = OperationKind.Add, Key = "c", Invoked = place++, Completed = place++, Outcome = outcome, Counter = new CounterTerms(delta, Max: max),
        };
        history.Add(operation);
        return operation;
    }
}
