using System.Globalization;
using Gache.Store;

namespace Gache.Simulation.Tests;

/// <summary>
/// Writes a history down as a story, one line an event in the order of happening:
/// <c>a set x 1</c> asks, <c>a ok r5 new|old</c>, <c>a found 1 r5</c>, <c>a missing</c>, <c>a refused</c>, <c>a lost</c> answer. A write may
/// end with <c>if r5</c>, <c>if there</c> or <c>if none</c>; then <c>a declined r6</c> and <c>a declined</c> (nothing is there) answer, too.
/// </summary>
internal static class HistoryText
{
    public static IReadOnlyList<Operation> Parse(string text)
    {
        var open = new Dictionary<string, Operation>();
        var all = new List<Operation>();
        int place = 0;
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            place++;
            if (Kind(words[1]) is OperationKind kind)
            {
                int at = Array.IndexOf(words, "if");
                var asked = new Operation
                {
                    Client = words[0][0], Kind = kind, Key = words[2], Invoked = place, Condition = at < 0 ? null : ConditionOf(words[at + 1]),
                };
                if (asked.WritesValue) asked.Value = Number(words[3]);
                open[words[0]] = asked;
                all.Add(asked);
                continue;
            }

            Operation operation = open[words[0]];
            operation.Completed = place;
            operation.Outcome = words[1] switch { "refused" => Outcome.NotApplied, "lost" => Outcome.Unknown, "declined" => Outcome.Declined, _ => Outcome.Done };
            if (words[1] == "ok")
            {
                operation.Revision = (ulong)Number(words[2]);
                operation.IsFound = words[3] == "old";
            }
            else if (words is [_, "declined", string revision])
            {
                operation.IsFound = true;
                operation.Revision = (ulong)Number(revision);
            }
            else if (words[1] == "found")
            {
                operation.IsFound = true;
                operation.Value = Number(words[2]);
                operation.Revision = (ulong)Number(words[3]);
            }
        }

        return all;
    }

    private static OperationKind? Kind(string word) => word switch
    {
        "set" => OperationKind.Set,
        "put" => OperationKind.Put,
        "delete" => OperationKind.Delete,
        "read" => OperationKind.Read,
        "stale" => OperationKind.StaleRead,
        _ => null,
    };

    private static Condition ConditionOf(string word) => word switch
    {
        "there" => new Condition { MustExist = true },
        "none" => new Condition { MustNotExist = true },
        _ => new Condition { AnyOf = new[] { (ulong)Number(word) } },
    };

    private static long Number(string word) => long.Parse(word.TrimStart('r'), CultureInfo.InvariantCulture);
}
