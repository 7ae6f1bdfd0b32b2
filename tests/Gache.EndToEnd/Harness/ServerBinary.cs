using System.Diagnostics;

namespace Gache.EndToEnd.Harness;

/// <summary>The server and the tool as <c>./gache</c> builds them for a user, and the load tool and a yardstick, built by the same build as this test.</summary>
internal static class ServerBinary
{
    // Opened as the script opens it: a newer build of the same folder leaves what is in use.
    private static FileStream? inUse;

    private static readonly Lazy<string> Published = new(Publish);

    public static string Root { get; } = FindRoot();

    /// <summary>What measures run may be another build: <c>GACHE_TEST_SERVER</c>, the path of a published server.</summary>
    public static string Path => Environment.GetEnvironmentVariable("GACHE_TEST_SERVER") ?? System.IO.Path.Combine(Published.Value, "gache");

    public static string Tool => System.IO.Path.Combine(Published.Value, "gache-tool");

    public static string Bench { get; } = BuiltWithThis("src/Gache.Bench", "gache-bench");

    /// <summary>A yardstick: ASP.NET Core without a node behind it.</summary>
    public static string Bare { get; } = BuiltWithThis("bench/Gache.Bench.Bare", "gache-bench-bare");

    private static string BuiltWithThis(string project, string program) =>
        System.IO.Path.Combine(Root, project, "bin", new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name, "net10.0", program);

    private static string Publish()
    {
        var start = new ProcessStartInfo(System.IO.Path.Combine(Root, "gache"), ["--version"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Of the `dotnet` that runs the tests: what it tells its own children is not for another build.
        foreach (string variable in start.Environment.Keys.Where(IsOfAnotherBuild).ToArray()) start.Environment.Remove(variable);
        using Process script = Process.Start(start)!;
        Task<string> said = script.StandardOutput.ReadToEndAsync();
        string errors = script.StandardError.ReadToEnd();
        script.WaitForExit();
        if (script.ExitCode != 0) throw new InvalidOperationException($"./gache --version left with {script.ExitCode}\n{said.Result}{errors}");
        string built = System.IO.Path.Combine(Root, ".gache-build/bin", File.ReadLines(System.IO.Path.Combine(Root, ".gache-build/seen")).First());
        inUse = new FileStream(System.IO.Path.Combine(built, ".in-use"), FileMode.Open, FileAccess.Read, FileShare.Read);
        return built;
    }

    private static bool IsOfAnotherBuild(string variable) =>
        variable.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("DOTNET_CLI_TEST", StringComparison.Ordinal);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Gache.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no Gache.slnx above {AppContext.BaseDirectory}");
    }
}
