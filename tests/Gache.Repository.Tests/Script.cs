using System.Diagnostics;

namespace Gache.Repository.Tests;

/// <summary>A copy of one of the repository's scripts in a folder of its own, run with a <c>dotnet</c> that only writes down its calls.</summary>
internal sealed class Script : IDisposable
{
    private const int DeadlineSeconds = 60;

    private Script(string folder, string path)
    {
        Folder = folder;
        Path = path;
        Tools = System.IO.Path.Combine(folder, "tools");
    }

    /// <summary>The copied repository.</summary>
    public string Folder { get; }

    /// <summary>The script.</summary>
    public string Path { get; }

    /// <summary>Stands first on the script's PATH.</summary>
    public string Tools { get; }

    public static Script Copy(string name, string dotnet)
    {
        string folder = Directory.CreateTempSubdirectory("gache-script-").FullName;
        string path = System.IO.Path.Combine(folder, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.Copy(System.IO.Path.Combine(Repository.Root, name), path);
        var script = new Script(folder, path);
        script.Write("tools/dotnet", dotnet, isExecutable: true);
        return script;
    }

    public void Write(string name, string text, bool isExecutable = false)
    {
        string path = System.IO.Path.Combine(Folder, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (isExecutable && !OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    public string Read(string name) => File.ReadAllText(System.IO.Path.Combine(Folder, name));

    /// <summary>Runs to the end and returns exit code, output and errors.</summary>
    public async Task<(int Code, string Out, string Err)> RunAsync(CancellationToken cancel, string? path = null, string? from = null, params string[] arguments)
    {
        using Process process = Start(path, from, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel).WaitAsync(TimeSpan.FromSeconds(DeadlineSeconds), cancel);
        return (process.ExitCode, await output, await errors);
    }

    public Process Start(string? path = null, string? from = null, params string[] arguments)
    {
        var start = new ProcessStartInfo(path ?? Path, arguments)
        {
            WorkingDirectory = from ?? Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Tools}:/usr/bin:/bin";
        start.Environment.Remove("DOTNET_ROOT");
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
