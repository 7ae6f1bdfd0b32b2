namespace Gache.EndToEnd.Harness;

/// <summary>The server, built by the same build as this test.</summary>
internal static class ServerBinary
{
    public static string Root { get; } = FindRoot();

    public static string Path { get; } = System.IO.Path.Combine(
        Root, "src/Gache.Server/bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name, "net10.0/gache");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Gache.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Gache.slnx above {AppContext.BaseDirectory}");
    }
}
