using Xunit;

namespace Gache.Simulation.Tests;

/// <summary>What a correct shard may show its clients; none may be called wrong.</summary>
public class GoodHistoriesTests
{
    public static TheoryData<string, string> Histories => new()
    {
        {
            "one after another", """
            a set x 1
            a ok r1 new
            b read x
            b found 1 r1
            a put x 2
            a ok r2 old
            a delete x
            a ok r3 old
            b read x
            b missing
            b delete x
            b ok r3 new
            a put x 4
            a ok r4 new
            """
        },
        {
            "reads at once with a write see either state, in an order", """
            a set x 1
            a ok r1 new
            a set x 2
            b read x
            c read x
            b found 1 r1
            c found 2 r2
            a ok r2 old
            """
        },
        {
            "unknown write that takes effect long after", """
            u set x 1
            u lost
            a read x
            a missing
            b set x 2
            b ok r1 new
            c read x
            c found 2 r1
            d read x
            d found 1 r2
            """
        },
        {
            "unknown write that never does", """
            u set x 1
            u lost
            a read x
            a missing
            b set x 2
            b ok r1 new
            c read x
            c found 2 r1
            """
        },
        {
            "unknown write that only the next write's answer shows", """
            u set x 1
            u lost
            b set x 2
            b ok r2 old
            """
        },
        {
            "unknown delete between two reads", """
            a set x 1
            a ok r1 new
            u delete x
            b read x
            b found 1 r1
            c read x
            c missing
            u lost
            """
        },
        {
            "two unknown deletes taking effect one after the other", """
            u delete x
            u lost
            v delete x
            v lost
            a set x 1
            a ok r1 new
            b read x
            b missing
            a set x 2
            a ok r3 new
            b read x
            b missing
            """
        },
        {
            "unknown delete that was not needed because the next write explains it", """
            a set x 1
            a ok r1 new
            u delete x
            u lost
            b delete x
            c read x
            c missing
            b ok r2 old
            d set x 3
            d ok r3 new
            """
        },
        {
            "refused write", """
            a set x 1
            a refused
            b read x
            b missing
            """
        },
        {
            "stale reads see earlier states in any order", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            b stale x
            b found 2 r2
            c stale x
            c found 1 r1
            d stale x
            d missing
            """
        },
        {
            "request that never got an answer", """
            a set x 1
            a ok r1 new
            b set x 2
            c read x
            """
        },
        {
            "delete of nothing tells a revision of another key", """
            a set y 1
            a ok r8 new
            b delete x
            b ok r8 new
            a set x 2
            a ok r9 new
            """
        },
        {
            "compare and set", """
            a set x 1 if none
            a ok r1 new
            b set x 2 if r1
            c set x 3 if r1
            b ok r2 old
            c declined r2
            c put x 4 if r2
            c ok r3 old
            a delete x if there
            a ok r4 old
            a set x 5 if r3
            a declined
            """
        },
        {
            "revision of an unknown write that only a declined one tells, and that the next one names", """
            a set x 1
            a ok r1 new
            u set x 2
            u lost
            b set x 3 if r1
            b declined r5
            b set x 4 if r5
            b ok r6 old
            """
        },
        {
            "unknown conditional write whose value was seen", """
            a set x 1
            a ok r1 new
            u set x 2 if r1
            u lost
            c read x
            c found 2 r2
            """
        },
        {
            "unknown conditional write that cannot have been carried out", """
            a set x 1
            a ok r1 new
            a set x 2
            a ok r2 old
            u set x 3 if r1
            u lost
            c read x
            c found 2 r2
            """
        },
        {
            "declined because an unknown delete came before", """
            a set x 1
            a ok r1 new
            u delete x
            u lost
            b set x 2 if r1
            b declined
            """
        },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void Good_history_is_accepted(string name, string history)
    {
        Violation? seen = HistoryChecker.Check(HistoryText.Parse(history));
        Assert.True(seen is null, $"{name}: {seen}");
    }
}
