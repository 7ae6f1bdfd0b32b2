using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Gache.Repository.Tests;

/// <summary><c>deploy/systemd/gache.service</c>, read line by line; that its command runs is tested in <c>Gache.EndToEnd</c>.</summary>
public sealed partial class SystemdUnitTests
{
    private const string Path = "deploy/systemd/gache.service";
    private const int StopSeconds = 10; // what the server takes at most
    private const int Connections = 12_000;

    private static readonly (string Section, string Key, string Value)[] Lines = Read();

    [Fact]
    public void Each_line_is_an_assignment_in_a_section_and_none_is_said_twice()
    {
        Assert.Equal(["Unit", "Service", "Install"], Lines.Select(line => line.Section).Distinct());
        Assert.Empty(Lines.GroupBy(line => (line.Section, line.Key)).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.True(Lines.Length > 20, $"only {Lines.Length} lines were read");
    }

    [Fact]
    public void Systemd_waits_for_the_node_to_say_that_it_serves_and_gives_its_stop_more_time_than_that_takes()
    {
        Assert.Equal("notify", Value("Type"));
        Assert.Equal("main", Value("NotifyAccess"));
        Assert.Equal("infinity", Value("TimeoutStartSec"));
        Assert.True(int.Parse(Value("TimeoutStopSec"), CultureInfo.InvariantCulture) >= StopSeconds + 5);
        Assert.Equal("SIGTERM", Value("KillSignal"));
        Assert.True(int.Parse(Value("LimitNOFILE"), CultureInfo.InvariantCulture) >= 2 * Connections);
    }

    /// <summary>Every exit code of the README but 0 is either one that ends the restarts, or told in the unit as one that does not.</summary>
    [Fact]
    public void Each_exit_code_of_the_readme_is_either_worth_a_restart_or_not()
    {
        string readme = Repository.Read("README.md");
        string table = readme[readme.IndexOf("## Exit codes", StringComparison.Ordinal)..];
        string[] codes = [.. CodeRow().Matches(table[..table.IndexOf("\n\n`", StringComparison.Ordinal)]).SelectMany(row => row.Groups[1].Value.Split(", "))];
        string[] final = Value("RestartPreventExitStatus").Split(' ');
        string comment = Repository.Read(Path);

        Assert.Equal("on-failure", Value("Restart"));
        Assert.Equal(["64", "65", "73", "77", "125", "127"], final);
        Assert.Equal(["0", "64", "65", "69", "70", "73", "74", "77", "125", "127"], codes);
        foreach (string code in codes.Skip(1)) Assert.Matches($@"(?m)^#.*\b{code}\b", comment);
    }

    [Fact]
    public void The_folder_of_the_command_is_the_one_that_systemd_makes_for_its_user()
    {
        Assert.EndsWith($" --raft-dir /var/lib/{Value("StateDirectory")}", Value("ExecStart"), StringComparison.Ordinal);
        Assert.Equal("strict", Value("ProtectSystem"));
        Assert.NotEqual("root", Value("User"));
        Assert.Equal("no", Value("MemoryDenyWriteExecute")); // with it the runtime could not start
    }

    /// <summary>Where systemd is installed it is asked itself; elsewhere the tests above are what there is.</summary>
    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_it()
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => System.IO.Path.Combine(folder, "systemd-analyze")).FirstOrDefault(File.Exists);
        if (program is null) return;

        DirectoryInfo folder = Directory.CreateTempSubdirectory("gache-unit-");
        try
        {
            // It looks for the program as well, which is not installed here.
            string unit = System.IO.Path.Combine(folder.FullName, "gache.service");
            await File.WriteAllTextAsync(unit, Repository.Read(Path).Replace("ExecStart=/opt/gache/gache ", "ExecStart=/bin/sh ", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var start = new ProcessStartInfo(program, ["verify", "--man=no", unit]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);

            // Of other units of the machine it may complain, too.
            Assert.DoesNotContain("gache", await output + errors, StringComparison.Ordinal);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Value(string key) => Assert.Single(Lines, line => line.Key == key).Value;

    private static (string Section, string Key, string Value)[] Read()
    {
        var lines = new List<(string, string, string)>();
        string section = "";
        foreach (string line in Repository.Read(Path).Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[') section = line[1..^1];
            else if (Assignment().Match(line) is { Success: true } match) lines.Add((section, match.Groups[1].Value, match.Groups[2].Value));
            else throw new FormatException($"{Path}: '{line}' is no assignment");
        }

        return [.. lines];
    }

    [GeneratedRegex("^([A-Za-z]+)=(.*)$")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?m)^\| (\d+(?:, \d+)*) \|")]
    private static partial Regex CodeRow();
}
