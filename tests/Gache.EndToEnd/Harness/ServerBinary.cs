namespace Gache.EndToEnd.Harness;

/// <summary>The server, the tool and the load tool beside it, built by the same build as this test.</summary>
internal static class ServerBinary
{
    public static string Root { get; } = FindRoot();

    /// <summary>What measures run may be another build: <c>GACHE_TEST_SERVER</c>, the path of a published server.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("GACHE_TEST_SERVER") ?? Built("Gache.Server", "gache");

    public static string Tool { get; } = Built("Gache.Tool", "gache-tool");

    public static string Bench { get; } = Built("Gache.Bench", "gache-bench");

    private static string Built(string project, string program) => System.IO.Path.Combine(
        Root, "src", project, "bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name, "net10.0", program);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Gache.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Gache.slnx above {AppContext.BaseDirectory}");
    }
}
