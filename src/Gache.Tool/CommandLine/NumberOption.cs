using System.CommandLine;
using System.Globalization;

namespace Gache.Tool.CommandLine;

/// <summary>Options that take a whole number, and say in words which.</summary>
internal static class NumberOption
{
    /// <summary>An option for a number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<int?> Create(string name, string placeholder, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = placeholder,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most) return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} '{text}' is not possible: a number from {least} to {most}"));
            return null;
        },
    };
}
