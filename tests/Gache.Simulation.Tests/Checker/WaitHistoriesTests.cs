using Gache.Store;
using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>What the judge says of requests that wait.</summary>
public class WaitHistoriesTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    private readonly List<Operation> history = [];
    private long place;

    [Fact]
    public void Waits_that_were_waited_to_their_end_are_accepted()
    {
        Declined(after: 2.0);
        Read(revision: 7, after: 2.1);
        Read(revision: 8, after: 0.1);
        Stale(revision: 7);
        Stale(revision: 9);
        Assert.Null(WaitRules.Check(history));
    }

    [Fact]
    public void A_write_that_is_declined_before_its_wait_is_over_is_found()
    {
        Declined(after: 1.99);
        Assert.Equal("a wait was over before its time", WaitRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_read_that_tells_nothing_new_before_its_wait_is_over_is_found()
    {
        Read(revision: 7, after: 1.99);
        Assert.Equal("a wait was over before its time", WaitRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_read_of_a_state_before_the_revision_that_it_named_is_found()
    {
        Stale(revision: 6);
        Assert.Equal("a read saw a state before the revision that it named", WaitRules.Check(history)?.Rule);
    }

    [Fact]
    public void A_read_that_finds_nothing_is_accepted_only_where_something_may_have_removed_the_key()
    {
        Operation delete = Add(OperationKind.Delete);
        delete.Outcome = Outcome.NotApplied;
        Stale(revision: 0);
        Assert.NotNull(WaitRules.Check(history));
        delete.Outcome = Outcome.Unknown;
        Assert.Null(WaitRules.Check(history));
    }

    private void Declined(double after)
    {
        Operation write = Add(OperationKind.Put, new Condition { MustNotExist = true }, Wait);
        (write.Outcome, write.IsFound, write.Revision, write.CompletedAt) = (Outcome.Declined, true, 7, TimeSpan.FromSeconds(after));
    }

    private void Read(ulong revision, double after) => Found(Add(OperationKind.Read, null, Wait, known: 7), revision, after);

    private void Stale(ulong revision) => Found(Add(OperationKind.StaleRead, known: 7), revision, 0);

    private static void Found(Operation read, ulong revision, double after) =>
        (read.Outcome, read.IsFound, read.Revision, read.CompletedAt) = (Outcome.Done, revision != 0, revision, TimeSpan.FromSeconds(after));

    private Operation Add(OperationKind kind, Condition? condition = null, TimeSpan wait = default, ulong known = 0)
    {
        var operation = new Operation { Client = 1, Kind = kind, Key = "k", Invoked = place++, Condition = condition, Wait = wait, Known = known };
        operation.Completed = place++;
        history.Add(operation);
        return operation;
    }
}
