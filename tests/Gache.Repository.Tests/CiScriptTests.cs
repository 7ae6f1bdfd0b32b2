using Xunit;

namespace Gache.Repository.Tests;

/// <summary><c>.ci/run</c>, with a <c>dotnet</c> that prints a given summary.</summary>
public sealed class CiScriptTests
{
    /// <summary>What a test may print; only the summary counts.</summary>
    private const string Noise = "  failed: 7\n  succeeded: 70\n";

    [Theory]
    [InlineData("  total: 12\n  failed: 0\n  succeeded: 12\n  skipped: 0\n", 0, "12 passed, 0 failed", 0)]
    [InlineData("  total: 12\n  failed: 2\n  succeeded: 10\n  skipped: 0\n", 2, "10 passed, 2 failed", 2)]
    [InlineData("  error: 1\n  total: 12\n  failed: 2\n  succeeded: 10\n", 2, "10 passed, 3 failed", 2)] // a test process crashed
    [InlineData("  total: 12\n  failed: 0\n  succeeded: 12\n", 5, "12 passed, 1 failed", 5)]
    [InlineData("  total: 0\n  failed: 0\n  succeeded: 0\n", 0, "0 passed, 1 failed", 1)] // nothing ran
    [InlineData("  total: 2\n  failed: 1\n  succeeded: 1\n", 0, "1 passed, 1 failed", 1)]
    [InlineData("", 1, "0 passed, 1 failed", 1)] // the build failed
    public async Task The_last_line_and_the_exit_code_tell_the_truth(string figures, int code, string last, int expectedCode)
    {
        string summary = figures.Length == 0 ? figures : $"Test run summary: ended!\n{figures}";
        using Script script = Script.Copy(".ci/run", $"#!/bin/bash\n[[ $* == test ]] || exit 99\ncat <<'END'\n{Noise}{summary}END\nexit {code}\n");
        script.Write("tools/strace", "#!/bin/bash\n", isExecutable: true);

        (int exit, string output, _) = await script.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(last, output.TrimEnd().Split('\n')[^1]);
        Assert.Equal(expectedCode, exit);
    }

    /// <summary>Shells start what runs in their background so, and the tests that send SIGINT would wait for ever.</summary>
    [Fact]
    public async Task SIGINT_reaches_what_the_tests_start_even_if_the_script_was_started_with_it_ignored()
    {
        using Script script = Script.Copy(".ci/run", "#!/bin/bash\n[[ $* == test ]] || exit 99\nkill -INT $$\nexit 0\n");
        script.Write("tools/strace", "#!/bin/bash\n", isExecutable: true);

        (int exit, _, _) = await script.RunAsync(TestContext.Current.CancellationToken, "/bin/bash", null, "-c", "trap '' INT; exec \"$0\"", script.Path);

        Assert.Equal(128 + 2, exit);
    }
}
