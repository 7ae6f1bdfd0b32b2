using System.Globalization;

namespace Gache.Tool.Operate.View;

/// <summary>Slots as people and JSON write them: <c>0-99,200</c>, or pairs of first and last.</summary>
internal static class SlotRanges
{
    /// <summary>Slots of a cluster.</summary>
    public const int Count = 16_384;

    /// <summary>Reads <c>0-99,200</c> into ascending slots, each once.</summary>
    /// <returns>Null if all is well, else what is asked for.</returns>
    public static string? Parse(string text, out IReadOnlyList<int> slots)
    {
        const string Form = "slots are as in 0-99,200: numbers and ranges from 0 to 16383, separated by commas";
        slots = [];
        var chosen = new SortedSet<int>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last) || last < first) return Form;
            for (int slot = first; slot <= last; slot++) chosen.Add(slot);
        }

        slots = [.. chosen];
        return null;
    }

    /// <summary>Ascending slots as pairs of first and last.</summary>
    public static int[][] Pairs(IEnumerable<int> ascending)
    {
        List<int[]> pairs = [];
        foreach (int slot in ascending)
        {
            if (pairs.Count > 0 && pairs[^1][1] == slot - 1) pairs[^1][1] = slot;
            else pairs.Add([slot, slot]);
        }

        return [.. pairs];
    }

    /// <summary>All slots of the pairs; what is no pair of slots holds none.</summary>
    public static IEnumerable<int> Slots(int[][] pairs) => pairs
        .Where(pair => pair is [>= 0 and < Count, < Count] && pair[1] >= pair[0])
        .SelectMany(pair => Enumerable.Range(pair[0], pair[1] - pair[0] + 1));

    /// <summary>Ascending slots as text; at most <paramref name="most"/> ranges, then how many more.</summary>
    public static string Text(IEnumerable<int> ascending, int most = int.MaxValue)
    {
        int[][] pairs = Pairs(ascending);
        if (pairs.Length == 0) return "none";
        string text = string.Join(',', pairs.Take(most).Select(pair => pair[0] == pair[1] ? Number(pair[0]) : $"{Number(pair[0])}-{Number(pair[1])}"));
        return pairs.Length <= most ? text : $"{text} and {Number(pairs.Length - most)} ranges more";
    }

    private static bool TryParse(string text, out int slot) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out slot) && slot < Count;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
