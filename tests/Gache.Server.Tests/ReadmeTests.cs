using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Gache.Server.Hosting;
using Gache.Server.Http.Problems;
using Xunit;
using ProblemKind = Gache.Server.Http.Problems.Problem;

namespace Gache.Server.Tests;

/// <summary>README's tables of errors and exit codes say what there is in the code: all of it, and nothing else.</summary>
public sealed partial class ReadmeTests
{
    private const string Begin = "<!-- errors -->";
    private const string End = "<!-- /errors -->";

    private static readonly string Readme = File.ReadAllText(Repository.PathOf("README.md"));

    [Fact]
    public void The_readme_shows_the_errors_there_are()
    {
        int begin = Readme.IndexOf(Begin, StringComparison.Ordinal);
        int end = Readme.IndexOf(End, StringComparison.Ordinal) + End.Length;
        string shown = begin < 0 || end < begin ? "" : Readme[begin..end];

        Assert.True(shown == ErrorTable(), $"README.md must have this, word for word:\n{ErrorTable()}");
    }

    /// <summary>A problem that <see cref="ProblemTable.All"/> forgot could be answered and stood nowhere.</summary>
    [Fact]
    public void The_list_of_problems_has_every_problem_once()
    {
        ProblemKind[] declared =
        [
            .. typeof(ProblemTable).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                .Where(field => field.FieldType == typeof(ProblemKind)).Select(field => (ProblemKind)field.GetValue(null)!),
        ];

        Assert.Equal(declared.Select(problem => problem.Code).Order(), ProblemTable.All.Select(problem => problem.Code).Order());
        Assert.Equal(declared.Length, declared.DistinctBy(problem => problem.Code).Count());
        Assert.True(declared.Length > 40, $"only {declared.Length} problems were found");
    }

    /// <summary>http-api: 503, 429 and 507 promise that nothing happened, and that the same request may be sent again; 504 and 500 promise neither.</summary>
    [Fact]
    public void What_a_status_promises_holds_for_each_of_its_codes()
    {
        foreach (ProblemKind problem in ProblemTable.All)
        {
            Assert.Equal(problem.Status is 504 or 500 ? Outcomes.Unknown : Outcomes.NotApplied, problem.Outcome);
            if (problem.Status is 503 or 429 or 507 or 508) Assert.True(problem.IsRetryable, problem.Code);
        }
    }

    [Fact]
    public void The_readme_shows_the_exit_codes_there_are()
    {
        int[] scripts = [125, 127]; // ./gache itself, before there is a program
        int[] programs = [.. typeof(ExitCode).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => (int)field.GetRawConstantValue()!)];
        string section = Readme[Readme.IndexOf("## Exit codes", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", StringComparison.Ordinal)];
        int[] shown = [.. CodeRow().Matches(section).SelectMany(row => row.Groups[1].Value.Split(", ")).Select(code => int.Parse(code, CultureInfo.InvariantCulture))];

        Assert.Equal(programs.Concat(scripts).Order(), shown);
        string script = File.ReadAllText(Repository.PathOf("gache"));
        foreach (int code in scripts) Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"exit {code}"), script, StringComparison.Ordinal);
    }

    private static string ErrorTable()
    {
        var text = new StringBuilder();
        text.Append(Begin).Append("\n| status | code | what | outcome | retryable |\n|---|---|---|---|---|\n");
        foreach (ProblemKind problem in ProblemTable.All.OrderBy(problem => problem.Status)) // stable: within a status as the code has them
            text.Append(CultureInfo.InvariantCulture, $"| {problem.Status} | `{problem.Code}` | {problem.Title} | `{problem.Outcome}` | {(problem.IsRetryable ? "yes" : "no")} |\n");
        return text.Append(End).ToString();
    }

    [GeneratedRegex(@"(?m)^\| (\d+(?:, \d+)*) \|")]
    private static partial Regex CodeRow();
}
