using System.CommandLine;
using System.Globalization;

namespace Gache.Tool.CommandLine;

/// <summary>Options that take a time, as in <c>1500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>; a plain number is seconds.</summary>
internal static class TimeOption
{
    /// <summary>An option for a time from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<TimeSpan?> Create(string name, string description, TimeSpan least, TimeSpan most) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (TryParse(text, out TimeSpan time) && time >= least && time <= most) return time;
            result.AddError($"{name} '{text}' is not possible: a time as in 1500ms, 30s, 5m or 2h, from {Text(least)} to {Text(most)}");
            return null;
        },
    };

    /// <summary>Reads a time.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits < 0) digits = text.Length;
        long unit = text[digits..] switch { "ms" => 1, "" or "s" => 1_000, "m" => 60_000, "h" => 3_600_000, _ => 0 };
        int number = 0;
        bool isTime = unit != 0 && int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        time = TimeSpan.FromMilliseconds(unit * number);
        return isTime;
    }

    private static string Text(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.##}h")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##}s");
}
