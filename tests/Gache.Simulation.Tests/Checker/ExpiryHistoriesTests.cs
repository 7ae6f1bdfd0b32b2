using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>What the judge says of keys that expire, and of repeats of keyed writes.</summary>
public class ExpiryHistoriesTests
{
    private readonly List<Operation> history = [];
    private long place;

    [Fact]
    public void A_key_that_is_gone_after_its_time_is_accepted()
    {
        Set(1, 1, at: 0, ttl: 10);
        Missing(at: 10);
        Set(2, 3, at: 11);
        Assert.Null(HistoryChecker.Check(history));
    }

    [Fact]
    public void A_key_that_is_gone_before_its_time_is_found()
    {
        Set(1, 1, at: 0, ttl: 10);
        Missing(at: 9);
        Assert.Equal("not linearizable", HistoryChecker.Check(history)?.Rule);
    }

    [Fact]
    public void A_key_that_comes_back_after_its_time_is_found()
    {
        Set(1, 1, at: 0, ttl: 10);
        Missing(at: 10);
        Found(1, 1, at: 11);
        Assert.Equal("not linearizable", HistoryChecker.Check(history)?.Rule);
    }

    [Fact]
    public void A_later_write_without_a_time_makes_the_key_permanent()
    {
        Set(1, 1, at: 0, ttl: 10);
        Set(2, 2, at: 1, existed: true);
        Missing(at: 100);
        Assert.Equal("not linearizable", HistoryChecker.Check(history)?.Rule);
    }

    [Fact]
    public void A_write_that_finds_a_key_whose_time_may_be_over_may_say_either()
    {
        Set(1, 1, at: 0, ttl: 10);
        Set(2, 2, at: 20, existed: true);
        Assert.Null(HistoryChecker.Check(history));
    }

    [Fact]
    public void A_write_of_which_nothing_is_known_may_have_come_and_been_over()
    {
        Set(1, 1, at: 0);
        Ask(OperationKind.Set, Outcome.Unknown, 2, at: 1, ttl: 1);
        Missing(at: 50);
        Assert.Null(HistoryChecker.Check(history));
    }

    [Fact]
    public void A_repeat_that_gets_another_answer_is_found()
    {
        Operation write = Set(1, 1, at: 0);
        write.Answers.Add(new WriteAnswer(null, 1));
        Assert.Null(HistoryChecker.Check(history));
        write.Answers.Add(new WriteAnswer(null, 2, true));
        Assert.Equal("a repeat got another answer", HistoryChecker.Check(history)?.Rule);
    }

    [Fact]
    public void A_keyed_write_that_is_taken_for_another_is_found()
    {
        Set(1, 1, at: 0).Answers.Add(new WriteAnswer(null, 0, false, ApplyStatus.IdempotencyKeyReused));
        Assert.Equal("a keyed write was taken for another", HistoryChecker.Check(history)?.Rule);
    }

    private Operation Set(long value, ulong revision, int at, int ttl = 0, bool existed = false)
    {
        Operation write = Ask(OperationKind.Set, Outcome.Done, value, at, ttl);
        (write.Revision, write.IsFound) = (revision, existed);
        return write;
    }

    private void Missing(int at) => Ask(OperationKind.Read, Outcome.Done, 0, at);

    private void Found(long value, ulong revision, int at)
    {
        Operation read = Ask(OperationKind.Read, Outcome.Done, value, at);
        (read.Revision, read.IsFound) = (revision, true);
    }

    private Operation Ask(OperationKind kind, Outcome outcome, long value, int at, int ttl = 0)
    {
        var operation = new Operation
        {
            Client = 1, Kind = kind, Key = "x", Value = value, Invoked = place++, Completed = place++, Outcome = outcome, Ttl = TimeSpan.FromSeconds(ttl),
            InvokedAt = TimeSpan.FromSeconds(at), CompletedAt = TimeSpan.FromSeconds(at),
        };
        history.Add(operation);
        return operation;
    }
}
