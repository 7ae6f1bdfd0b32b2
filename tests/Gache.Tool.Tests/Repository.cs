namespace Gache.Tool.Tests;

/// <summary>The repository that this test was built from, and the programs of the same build.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Tool { get; } = Built("Gache.Tool", "gache-tool");

    public static string Server { get; } = Built("Gache.Server", "gache");

    private static string Built(string project, string program) =>
        Path.Combine(Root, "src", project, "bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name, "net10.0", program);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Gache.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Gache.slnx above {AppContext.BaseDirectory}");
    }
}
