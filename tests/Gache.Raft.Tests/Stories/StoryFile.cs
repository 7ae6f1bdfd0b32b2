using System.Text;

namespace Gache.Raft.Tests;

/// <summary>Commands and what they must print; the line is that of the first command, from 1.</summary>
internal sealed record StoryBlock(int Line, IReadOnlyList<string> Commands, IReadOnlyList<string> Expected);

/// <summary>
/// A story in the datadriven form: blocks divided by empty lines, each of them commands, <c>----</c>, and the output. Lines that begin with
/// <c>#</c> tell the reader why; in the output, what follows <c>&lt;-</c> does.
/// </summary>
internal sealed class StoryFile
{
    private const string Divider = "----";
    private const string Aside = "<-";

    private readonly string[] lines;

    public StoryFile(string text)
    {
        lines = text.TrimEnd('\n').Split('\n');
        if (!lines[0].StartsWith('#')) throw new FormatException("a story opens with a comment that says what it shows");
        for (int at = 0; at < lines.Length; at++)
        {
            int first = at;
            while (at < lines.Length && lines[at].Length > 0) at++;
            string[] chunk = lines[first..at];
            int divider = Array.IndexOf(chunk, Divider);
            string[] commands = [.. (divider < 0 ? chunk : chunk[..divider]).Where(line => !line.StartsWith('#'))];
            if (divider < 0 && commands.Length > 0) throw new FormatException($"line {first + 1}: commands without {Divider} and output");
            if (divider >= 0) Blocks.Add(new StoryBlock(first + 1, commands, [.. chunk[(divider + 1)..].Select(WithoutAside)]));
        }

        if (Blocks.Count == 0) throw new FormatException("a story without a block tells nothing");
    }

    public List<StoryBlock> Blocks { get; } = [];

    /// <summary>The same text with these outputs, one a block. What stood beside an output line that stays is kept.</summary>
    public string With(IReadOnlyList<IReadOnlyList<string>> outputs)
    {
        var text = new StringBuilder();
        int block = 0;
        for (int at = 0; at < lines.Length; at++)
        {
            text.Append(lines[at]).Append('\n');
            if (lines[at] != Divider) continue;
            int end = at + 1;
            while (end < lines.Length && lines[end].Length > 0) end++;
            ILookup<string, string> old = lines[(at + 1)..end].ToLookup(WithoutAside);
            foreach (string line in outputs[block]) text.Append(old[line].FirstOrDefault() ?? line).Append('\n');
            block++;
            at = end - 1;
        }

        return text.ToString();
    }

    private static string WithoutAside(string line)
    {
        int aside = line.IndexOf(Aside, StringComparison.Ordinal);
        return (aside < 0 ? line : line[..aside]).TrimEnd();
    }
}
