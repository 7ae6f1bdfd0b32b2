using System.Globalization;

namespace Gache.Raft.Tests;

/// <summary>Which of the parcels under way a command means: <c>1->2,3</c>, <c>1&lt;->2</c> or <c>all</c>, some kinds of them, the first or last few.</summary>
internal sealed class Route
{
    private readonly List<(int From, int To)> ways = [];
    private readonly HashSet<string> kinds = [];
    private readonly string text;
    private readonly bool isAll;
    private readonly Range range = Range.All;

    /// <summary>Reads a route from the words of a command.</summary>
    public Route(IReadOnlyList<string> words)
    {
        text = string.Join(' ', words);
        IsBothWays = words[0] == "all" || words[0].Contains("<->", StringComparison.Ordinal);
        isAll = words[0] == "all";
        if (!isAll)
        {
            int[][] ends = [.. words[0].Split(IsBothWays ? "<->" : "->").Select(Numbers)];
            foreach (int from in ends[0])
            {
                foreach (int to in ends[1])
                {
                    ways.Add((from, to));
                    if (IsBothWays) ways.Add((to, from));
                }
            }
        }

        for (int at = 1; at < words.Count; at++)
        {
            if (words[at] is "first" or "last")
            {
                int count = int.Parse(words[++at], CultureInfo.InvariantCulture);
                range = words[at - 1] == "first" ? ..count : ^count..;
            }
            else
            {
                foreach (string kind in words[at].Split(',')) kinds.Add(kind);
            }
        }
    }

    /// <summary>Answers are meant too: the route is asked again until nothing is left on it.</summary>
    public bool IsBothWays { get; }

    /// <summary>Those of the pool that are meant, oldest first.</summary>
    public List<Parcel> Of(IEnumerable<Parcel> pool)
    {
        List<Parcel> found = [.. pool.Where(Has)];
        return [.. found.Take(range)];
    }

    public override string ToString() => text;

    public static int[] Numbers(string list) => [.. list.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    private bool Has(Parcel parcel) =>
        (isAll || ways.Contains(((int)(ulong)parcel.From.Value, (int)(ulong)parcel.To.Value))) && (kinds.Count == 0 || kinds.Contains(Spelling.KindOf(parcel)));
}
