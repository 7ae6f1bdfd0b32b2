using Gache.Server.Hosting;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>What an operator is told who types <c>./gache cluster recover</c> wrongly; what it does is tested with real nodes.</summary>
public sealed class RecoverWordTests
{
    [Fact]
    public void Its_help_shows_what_is_typed()
    {
        (int code, string output, string errors) = Type("--help");

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("./gache cluster recover", output, StringComparison.Ordinal);
        Assert.Contains("--yes-lose <SHARD>", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--yes-lose SHARD in place of --yes", "--raft-dir", "nowhere", "--yes")]
    [InlineData("--yes-lose SHARD in place of --yes", "--raft-dir", "nowhere", "-y")]
    [InlineData("'--unknown'", "--raft-dir", "nowhere", "--unknown")]
    [InlineData("--raft-dir", "--dry-run")]
    public void What_makes_no_sense_is_one_line_that_names_the_help(string words, params string[] line)
    {
        (int code, string output, string errors) = Type(line);

        Assert.Equal((64, ""), (code, output));
        Assert.Contains(words, errors, StringComparison.Ordinal);
        Assert.EndsWith("see ./gache cluster recover --help\n", errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    private static (int Code, string Output, string Errors) Type(params string[] line)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = new RecoverWord(TextReader.Null, output, errors, canAsk: false).Run(line);
        return (code, output.ToString(), errors.ToString());
    }
}
