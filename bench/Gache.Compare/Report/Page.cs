using Gache.Compare.Subjects;

namespace Gache.Compare.Report;

/// <summary><c>docs/performance.md</c>: the text is written by hand, what stands between a mode's two markers by that mode.</summary>
internal static class Page
{
    /// <summary>Where the plots are, seen from the page.</summary>
    public const string PlotFolder = "performance";

    /// <summary>The folder of the plots, made if it is not there; one that is thrown away if the page is not written.</summary>
    public static string Plots(Workbench bench, CompareOptions options) =>
        Directory.CreateDirectory(options.IsWriting ? Path.Combine(bench.Root, "docs", PlotFolder) : Path.Combine(bench.Folder, "plots")).FullName;

    /// <summary>Prints what a mode measured, and puts it into the page.</summary>
    public static void Write(Workbench bench, CompareOptions options, string mode, string text)
    {
        Console.Out.WriteLine(text);
        if (!options.IsWriting) return;
        string path = Path.Combine(bench.Root, "docs", "performance.md");
        File.WriteAllText(path, Replaced(File.ReadAllText(path), mode, text));
        Console.Error.WriteLine($"bench/compare: written to docs/performance.md, between the markers of {mode}");
    }

    private static string Replaced(string page, string mode, string text)
    {
        string first = $"<!-- {mode} -->\n";
        string last = $"<!-- /{mode} -->";
        int from = page.IndexOf(first, StringComparison.Ordinal);
        int to = page.IndexOf(last, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new CompareException($"docs/performance.md has no markers of {mode}");
        return $"{page[..(from + first.Length)]}{text.TrimEnd()}\n{page[to..]}";
    }
}
