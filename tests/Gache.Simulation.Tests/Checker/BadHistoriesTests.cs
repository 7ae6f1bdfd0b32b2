using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>What a broken shard would show its clients; each must be found.</summary>
public class BadHistoriesTests
{
    public static TheoryData<string, string, string> Histories => new()
    {
        {
            "lost write", "not linearizable", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            b read x
            b found 1 r1
            """
        },
        {
            "acknowledged write that was never there", "not linearizable", """
            a set x 1
            a ok r1 new
            b read x
            b missing
            """
        },
        {
            "stale value in a linearizable read that began before the write was acknowledged to another reader", "not linearizable", """
            a set x 1
            a ok r1 new
            a set x 2
            b read x
            b found 2 r2
            c read x
            c found 1 r1
            a ok r2 old
            """
        },
        {
            "two leaders that both answer reads", "not linearizable", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            b read x
            c read x
            b found 2 r2
            c found 1 r1
            """
        },
        {
            "two leaders that both take writes", "one revision has two writes", """
            a set x 1
            b set x 2
            a ok r1 new
            b ok r1 new
            """
        },
        {
            "resurrected value", "not linearizable", """
            a set x 1
            a ok r1 new
            a delete x
            a ok r2 old
            b read x
            b found 1 r1
            """
        },
        {
            "refused write that was applied", "a refused write was applied", """
            a set x 1
            a refused
            b read x
            b found 1 r1
            """
        },
        {
            "refused write that a stale read saw", "a refused write was applied", """
            a set x 1
            a refused
            b stale x
            b found 1 r1
            """
        },
        {
            "refused delete that was applied", "not linearizable", """
            a set x 1
            a ok r1 new
            b delete x
            b refused
            c read x
            c missing
            """
        },
        {
            "write applied twice, seen by its revision", "one write has two revisions", """
            a set x 1
            a ok r1 new
            b read x
            b found 1 r2
            """
        },
        {
            "write applied twice, with another between", "not linearizable", """
            a set x 1
            b set x 2
            b ok r2 old
            c read x
            c found 2 r2
            d read x
            d found 1 r1
            """
        },
        {
            "revision used again after a failover", "one revision has two writes", """
            a set x 1
            a ok r7 new
            b set y 2
            b ok r7 new
            """
        },
        {
            "revision used by an unknown write that somebody saw", "one revision has two writes", """
            a set x 1
            b stale x
            b found 1 r7
            a lost
            c set y 2
            c ok r7 new
            """
        },
        {
            "revision that goes back", "a revision went back", """
            a set x 1
            a ok r9 new
            b set x 2
            b ok r8 old
            """
        },
        {
            "delete of nothing with a revision that goes back", "a revision went back", """
            a set x 1
            a ok r5 new
            a delete x
            a ok r6 old
            b delete x
            b ok r4 new
            """
        },
        {
            "writes in another order than acknowledged", "not linearizable", """
            a set x 1
            b set x 2
            a ok r1 new
            b ok r2 new
            """
        },
        {
            "phantom value", "a value was read that nobody wrote to that key", """
            a set x 1
            a ok r1 new
            b read x
            b found 9 r1
            """
        },
        {
            "value of another key", "a value was read that nobody wrote to that key", """
            a set x 1
            a ok r1 new
            b stale y
            b found 1 r1
            """
        },
        {
            "read of an uncommitted write that was then lost", "not linearizable", """
            a set x 1
            a ok r1 new
            b set x 2
            c read x
            c found 2 r2
            b lost
            d read x
            d found 1 r1
            """
        },
        {
            "stale read of an uncommitted write that was then lost", "not linearizable", """
            a set x 1
            a ok r1 new
            b set x 2
            c stale x
            c found 2 r2
            b lost
            d read x
            d found 1 r1
            """
        },
        {
            "value read before it was written", "a value was read before it was written", """
            b stale x
            b found 1 r1
            a set x 1
            a ok r1 new
            """
        },
        {
            "existence that does not fit", "not linearizable", """
            a set x 1
            a ok r1 new
            a put x 2
            a ok r2 new
            """
        },
        {
            "one unknown delete that would have to take effect twice", "not linearizable", """
            d delete x
            d lost
            a set x 1
            a ok r1 new
            b read x
            b missing
            a set x 2
            a ok r5 new
            b read x
            b missing
            """
        },
        {
            "unknown delete that would have to take effect before it was asked", "not linearizable", """
            a set x 1
            a ok r1 new
            b read x
            b missing
            d delete x
            d lost
            """
        },
        {
            "last state that no order ends in", "not linearizable", """
            a set x 1
            b set x 2
            a ok r1 new
            b ok r2 old
            z read x
            z found 1 r1
            """
        },
        {
            "condition that holds and is declined", "a condition failed that holds", """
            a set x 1
            a ok r1 new
            b set x 2 if r1
            b declined r1
            """
        },
        {
            "condition on absence that is carried out over a value", "a write was carried out against its condition", """
            a set x 1
            a ok r1 new
            b set x 2 if none
            b ok r2 old
            """
        },
        {
            "two compare-and-sets on one revision", "not linearizable", """
            a set x 1
            a ok r1 new
            b set x 2 if r1
            c set x 3 if r1
            b ok r2 old
            c ok r3 old
            """
        },
        {
            "compare-and-set of which nothing was told, on a revision that had gone", "not linearizable", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            u set x 3 if r1
            u lost
            c read x
            c found 3 r3
            """
        },
        {
            "declined write that was applied", "a refused write was applied", """
            a set x 1
            a ok r1 new
            b set x 2 if none
            b declined r1
            c read x
            c found 2 r2
            """
        },
        {
            "declined with a revision that never was", "not linearizable", """
            a set x 1
            a ok r1 new
            b set x 2 if none
            b declined r9
            """
        },
        {
            "declined with a revision that had gone", "not linearizable", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            b set x 3 if none
            b declined r1
            """
        },
        {
            "declined though nobody can have deleted the key", "not linearizable", """
            a set x 1
            a ok r1 new
            b set x 2 if there
            b declined
            """
        },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void Bad_history_is_found(string name, string rule, string history)
    {
        Violation? seen = HistoryChecker.Check(HistoryText.Parse(history));
        Assert.True(seen is not null, $"{name} was accepted");
        Assert.Equal(rule, seen.Rule);
    }
}
