using Xunit;

namespace Gache.Tool.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData]
    [InlineData("unknown")]
    [InlineData("@file")]
    [InlineData("playground", "--unknown")]
    [InlineData("playground", "extra")]
    [InlineData("playground", "--shards", "0")]
    [InlineData("playground", "--shards", "17")]
    [InlineData("playground", "--shards", "three")]
    [InlineData("playground", "--shards")]
    [InlineData("playground", "--replicas", "8")]
    [InlineData("playground", "--port", "1000")]
    [InlineData("playground", "--port", "65000")]
    public async Task What_makes_no_sense_is_one_line_and_exit_code_64(params string[] args)
    {
        Said said = await Words.TypeAsync(args);

        Assert.Equal(64, said.ExitCode);
        Assert.Empty(said.Output);
        Assert.StartsWith("gache: ", said.Errors, StringComparison.Ordinal);
        Assert.Single(said.Errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("playground", "--replicas")]
    public async Task Help_is_an_answer_and_shows_what_is_typed(string word, string option)
    {
        Said said = await Words.TypeAsync(word, "--help");

        Assert.Equal(0, said.ExitCode);
        Assert.Empty(said.Errors);
        Assert.Contains($"./gache {word}", said.Output, StringComparison.Ordinal);
        Assert.Contains(option, said.Output, StringComparison.Ordinal);
    }
}
