using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Gache.Repository.Tests;

/// <summary><c>./gache</c>, with a <c>dotnet</c> whose "build" makes programs that print where they stand and what they were given.</summary>
public sealed class StartScriptTests : IDisposable
{
    private const string Dotnet = """
        #!/bin/bash
        here=$(dirname "$(readlink -f "$0")")
        [[ $1 == --version ]] && { [[ -e $here/no-sdk ]] && exit 145; echo 10.0.401; exit; }
        project=${2##*/} all=" $* "
        while [[ $# -gt 0 ]]; do [[ $1 == -o ]] && out=$2; shift; done
        echo building | tee -a "$here/builds"
        if [[ -e $here/slow ]]; then until [[ -e $here/go ]]; do /bin/sleep 0.02; done; fi
        [[ -e $here/offline && $all == *' -p:GacheCode='* ]] && { echo 'error NU1301: Unable to load the service index'; exit 1; }
        [[ -e $here/broken ]] && { echo 'error CS1002: ; expected'; exit 1; }
        mkdir -p "$out"
        if [[ $project == Gache.Bench.csproj ]]; then
            printf '#!/bin/bash\necho "bench|$PWD|$*|$$"\nexit 5\n' >"$out/gache-bench"
            chmod +x "$out/gache-bench"
            exit
        fi
        printf '#!/bin/bash\necho "$PWD|$*|$$"\nif [[ ${1:-} == stay ]]; then read -r _; fi\nexit 3\n' >"$out/gache"
        printf '#!/bin/bash\necho "tool|$PWD|$*|$$"\nexit 4\n' >"$out/gache-tool"
        chmod +x "$out/gache" "$out/gache-tool"
        """;

    private readonly Script script = Script.Copy("gache", Dotnet);
    private readonly DirectoryInfo elsewhere = Directory.CreateTempSubdirectory("gache-elsewhere-");

    public StartScriptTests() => script.Write("src/Gache.Server/Program.cs", "return 0;\n");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Builds => script.Read("tools/builds").Split("building").Length - 1;

    [Fact]
    public async Task It_becomes_the_server_in_the_callers_folder_with_the_callers_arguments()
    {
        string link = Path.Combine(elsewhere.FullName, "linked");
        File.CreateSymbolicLink(link, script.Path);

        using Process process = script.Start(link, elsewhere.FullName, "-p", "8001", "a b");
        string said = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.Equal($"{elsewhere.FullName}|-p 8001 a b|{process.Id}\n", said);
        Assert.Equal(3, process.ExitCode);
    }

    [Theory]
    [InlineData("playground", "--shards", "1")]
    [InlineData("cluster", "show")]
    [InlineData("cluster", "")]
    public async Task The_tools_words_become_the_tool(params string[] args)
    {
        using Process process = script.Start(from: elsewhere.FullName, arguments: args);
        string said = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.Equal($"tool|{elsewhere.FullName}|{string.Join(' ', args)}|{process.Id}\n", said);
        Assert.Equal(4, process.ExitCode);
    }

    [Fact]
    public async Task The_load_tool_is_built_when_it_is_first_asked_for_and_apart_from_the_node()
    {
        script.Write("src/Gache.Bench/Program.cs", "return 0;\n");
        await script.RunAsync(Cancel);
        Assert.Empty(Directory.GetFiles(Path.Combine(script.Folder, ".gache-build/bin"), "gache-bench", SearchOption.AllDirectories));

        (int code, string output, _) = await script.RunAsync(Cancel, arguments: ["bench", "127.0.0.1:8000"]);
        Assert.Equal((5, "bench"), (code, output.Split('|')[0]));
        Assert.Equal("bench 127.0.0.1:8000", output.Split('|')[2]);
        Assert.Equal(2, Builds);

        // Neither makes the other build again, or removes what the other has.
        Assert.Equal(3, (await script.RunAsync(Cancel)).Code);
        Assert.Equal(5, (await script.RunAsync(Cancel, arguments: "bench")).Code);
        script.Write("src/Gache.Bench/Program.cs", "return 12;\n");
        Assert.Equal(3, (await script.RunAsync(Cancel)).Code);
        Assert.Equal(2, Builds);
        Assert.Equal(5, (await script.RunAsync(Cancel, arguments: "bench")).Code);
        Assert.Equal(3, (await script.RunAsync(Cancel)).Code);
        Assert.Equal(3, Builds);
    }

    [Theory]
    [InlineData("cluster recover --dry-run", "recover --dry-run")]
    [InlineData("-p 8001 cluster", "-p 8001 cluster")]
    [InlineData("playgrounds", "playgrounds")]
    [InlineData("-p 8001 bench", "-p 8001 bench")]
    public async Task Everything_else_is_the_servers(string typed, string given)
    {
        (int code, string output, _) = await script.RunAsync(Cancel, arguments: typed.Split(' '));

        Assert.Equal(3, code);
        Assert.Equal(given, output.Split('|')[1]);
    }

    [Fact]
    public async Task It_builds_again_only_when_the_sources_changed()
    {
        await script.RunAsync(Cancel);
        await script.RunAsync(Cancel);
        Assert.Equal(1, Builds);

        script.Write("src/Gache.Server/packages.lock.json", "{}");
        script.Write("src/Gache.Server/obj/made.cs", "// made by a build");
        File.SetLastWriteTimeUtc(Path.Combine(script.Folder, "src/Gache.Server/Program.cs"), DateTime.UnixEpoch);
        await script.RunAsync(Cancel);
        Assert.Equal(1, Builds);

        script.Write("src/Gache.Server/Program.cs", "return 1;\n");
        await script.RunAsync(Cancel);
        Assert.Equal(2, Builds);

        script.Write("Directory.Build.props", "<Project />");
        await script.RunAsync(Cancel);
        Assert.Equal(3, Builds);
    }

    [Fact]
    public async Task Many_started_at_once_make_one_build()
    {
        (int Code, string Out, string Err)[] runs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => script.RunAsync(Cancel)));

        Assert.All(runs, run => Assert.Equal(3, run.Code));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task A_running_server_keeps_its_files_until_it_ends()
    {
        using Process running = script.Start(arguments: "stay");
        await running.StandardOutput.ReadLineAsync(Cancel);
        string first = Path.GetDirectoryName(Directory.GetFiles(Path.Combine(script.Folder, ".gache-build/bin"), "gache", SearchOption.AllDirectories).Single())!;

        script.Write("src/Gache.Server/Program.cs", "return 2;\n");
        await script.RunAsync(Cancel);
        Assert.True(Directory.Exists(first));

        running.Kill();
        await running.WaitForExitAsync(Cancel);
        script.Write("src/Gache.Server/Program.cs", "return 4;\n");
        await script.RunAsync(Cancel);
        Assert.False(Directory.Exists(first));
    }

    [Fact]
    public async Task A_failed_build_shows_its_output_and_leaves_with_125()
    {
        script.Write("tools/broken", "");
        (int code, string output, string errors) = await script.RunAsync(Cancel);

        Assert.Equal(125, code);
        Assert.Empty(output);
        Assert.Contains("error CS1002", errors, StringComparison.Ordinal);

        File.Delete(Path.Combine(script.Tools, "broken"));
        Assert.Equal(3, (await script.RunAsync(Cancel)).Code);
    }

    /// <summary>The compilers that make native code are restored when they are first needed: without a network there may be none.</summary>
    [Fact]
    public async Task What_the_machine_cannot_compile_ahead_is_built_without_it_and_said()
    {
        script.Write("tools/offline", "");
        (int code, _, string errors) = await script.RunAsync(Cancel);

        Assert.Equal(3, code);
        bool triesTo = OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64;
        Assert.Equal(triesTo, errors.Contains("could not compile ahead of the start (ahead; log: ", StringComparison.Ordinal));
        Assert.Equal(triesTo, File.Exists(Path.Combine(script.Folder, ".gache-build/build-ahead.log")));
    }

    [Fact]
    public async Task A_build_that_takes_long_says_so_once_and_where_its_log_is()
    {
        script.Write("tools/slow", "");
        script.Write("tools/sleep", "#!/bin/bash\nexit 0\n", isExecutable: true); // half a minute is over at once

        using Process process = script.Start();
        string? begins = await process.StandardError.ReadLineAsync(Cancel);
        string? reminds = await process.StandardError.ReadLineAsync(Cancel);
        script.Write("tools/go", "");
        string rest = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);

        Assert.StartsWith("gache: building", begins, StringComparison.Ordinal);
        Assert.Equal($"gache: still building; log: {Path.Combine(script.Folder, ".gache-build/build.log")}", reminds);
        Assert.Equal((3, ""), (process.ExitCode, rest));
    }

    [Fact]
    public async Task A_good_build_is_not_shown()
    {
        (_, string output, string errors) = await script.RunAsync(Cancel);

        Assert.Single(output.Trim().Split('\n'));
        Assert.Equal("gache: building (only when its sources have changed) ...", errors.Trim());
    }

    [Fact]
    public async Task Without_a_fitting_sdk_it_says_so_in_one_line_and_leaves_with_127()
    {
        script.Write("tools/no-sdk", "");
        (int code, _, string errors) = await script.RunAsync(Cancel);

        Assert.Equal(127, code);
        Assert.Contains(".NET SDK 10", Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        script.Dispose();
        elsewhere.Delete(recursive: true);
    }
}
