using Xunit;

namespace Gache.Repository.Tests;

/// <summary>What must not stand in any file of the project.</summary>
public sealed class TextTests
{
    // Put together here, so that this file does not hold them.
    private static readonly string[] Forbidden =
        ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", "Fact(" + "Skip", "Theory(" + "Skip", "Assert." + "Skip"];

    private static readonly string[] Patterns =
        ["*.cs", "*.csproj", "*.md", "*.sh", "*.txt", "*.props", "*.targets", "*.service"];

    private static readonly string[] AtTheRoot =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "gache", "gache.cmd", "bench/compare", ".ci/run"];

    [Fact]
    public void Nothing_is_left_for_later_and_no_test_is_skipped()
    {
        string[] files =
        [
            .. AtTheRoot, .. Patterns.SelectMany(pattern => Repository.Files(pattern, "src", "tests", "bench", "docs", "deploy", "examples")),
        ];

        string[] found =
        [
            .. files.SelectMany(file => Forbidden
                .Where(word => Repository.Read(file).Contains(word, StringComparison.Ordinal))
                .Select(word => $"{file}: {word}")),
        ];

        Assert.True(files.Length > 50, $"only {files.Length} files were read");
        Assert.Empty(found);
    }

    /// <summary>The whole set-up is a clone and an SDK, so the README needs no other command to start or to test.</summary>
    [Fact]
    public void The_readme_needs_two_commands_and_no_set_up()
    {
        string[] commands = [.. CodeLines(Repository.Read("README.md"))];
        string[] setUp = ["apt", "sudo", "export ", "npm", "pip", "docker", "make", "dotnet build", "dotnet restore", "dotnet run", "dotnet tool"];

        Assert.Contains("./gache", commands);
        Assert.Equal(["dotnet test"], commands.Where(line => line.StartsWith("dotnet", StringComparison.Ordinal)).Distinct());
        Assert.DoesNotContain(commands, line => setUp.Any(word => line.StartsWith(word, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_readmes_test_command_is_the_one_that_ci_runs() =>
        Assert.Contains(" dotnet test 2>&1", Repository.Read(".ci/run"), StringComparison.Ordinal);

    /// <summary>The table "Promises, and where each is tested" stays true when a test is renamed.</summary>
    [Fact]
    public void Every_promise_has_a_line_and_every_test_named_in_it_exists()
    {
        string page = Repository.Read("ARCHITECTURE.md");
        string table = page[page.IndexOf("| promise | held by |", StringComparison.Ordinal)..page.IndexOf("## Dependencies", StringComparison.Ordinal)];
        string sources = string.Concat(Repository.Files("*.cs", "tests", "src/Gache.Simulation").Select(file => $"{file}\n{Repository.Read(file)}"));

        for (int promise = 1; promise <= 11; promise++) Assert.Contains($"| P{promise} |", table, StringComparison.Ordinal);
        string[] names = [.. table.Split('`').Where((_, i) => i % 2 == 1).SelectMany(name => name.StartsWith("Gache.", StringComparison.Ordinal) ? [name] : name.Split('.'))];
        Assert.True(names.Length > 20, table);
        Assert.DoesNotContain(names, name => !sources.Contains(name, StringComparison.Ordinal));
    }

    /// <summary>Lines of indented and fenced blocks, without a comment at their end.</summary>
    private static IEnumerable<string> CodeLines(string markdown)
    {
        bool fenced = false;
        foreach (string line in markdown.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (fenced || line.StartsWith("    ", StringComparison.Ordinal)) yield return line.Split(" #")[0].Trim();
        }
    }
}
