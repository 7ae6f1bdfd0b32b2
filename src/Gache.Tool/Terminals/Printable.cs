namespace Gache.Tool.Terminals;

/// <summary>Text of others, made fit for a terminal.</summary>
internal static class Printable
{
    /// <summary>One line without control characters: what a node tells must not steer the terminal of the person who reads it.</summary>
    public static string Line(string text) => text.Any(char.IsControl)
        ? string.Create(text.Length, text, (line, source) =>
        {
            for (int i = 0; i < line.Length; i++) line[i] = char.IsControl(source[i]) ? ' ' : source[i];
        })
        : text;
}
