using System.Text;

namespace Gache.Server.Options;

/// <summary>The table of options as README.md has it, between its markers; a test compares them.</summary>
internal static class OptionsMarkdown
{
    public const string Begin = "<!-- options -->";
    public const string End = "<!-- /options -->";

    /// <summary>Writes the table, markers included.</summary>
    public static string Write()
    {
        var text = new StringBuilder();
        text.Append(Begin).Append("\n| option | environment | default | what |\n|---|---|---|---|\n");
        foreach (OptionRow row in OptionTable.Rows.Where(row => row.IsShown))
        {
            string flag = (row.Alias is { } alias ? $"`{alias}`, " : "") + $"`{row.Flag}{(row.Placeholder is { } value ? " " + value : "")}`";
            text.Append("| ").Append(flag).Append(" | `").Append(row.Variable).Append("` | ").Append(row.Default)
                .Append(" | ").Append(row.Words).Append(" |\n");
        }

        return text.Append(End).ToString();
    }
}
