using System.Globalization;

namespace Gache.Server.Options;

/// <summary>Durations as people write them: <c>1500ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c>, or a plain number of seconds.</summary>
internal static class Duration
{
    private static readonly (string Suffix, TimeSpan Unit)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)),
    ];

    /// <summary>The longest that is taken: more is surely a mistake.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    /// <summary>Reads a duration; false if it is none.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        TimeSpan unit = TimeSpan.FromSeconds(1);
        foreach ((string suffix, TimeSpan candidate) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            text = text[..^suffix.Length];
            unit = candidate;
            break;
        }

        duration = default;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count > Longest / unit) return false;
        duration = count * unit;
        return true;
    }
}
