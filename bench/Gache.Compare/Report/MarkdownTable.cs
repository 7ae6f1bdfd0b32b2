using System.Text;

namespace Gache.Compare.Report;

/// <summary>A table as a page has it.</summary>
internal sealed class MarkdownTable(params string[] heads)
{
    private readonly StringBuilder text = new StringBuilder()
        .Append("| ").AppendJoin(" | ", heads).Append(" |\n|").Append(string.Concat(Enumerable.Repeat("---|", heads.Length))).Append('\n');

    public void Add(params string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    public override string ToString() => text.ToString();
}
