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
    [InlineData("lock")]
    [InlineData("lock", "name")]
    [InlineData("lock", "", "--", "true")]
    [InlineData("lock", "a/../b", "--", "true")]
    [InlineData("lock", "name", "--ttl", "0", "--", "true")]
    [InlineData("lock", "name", "--ttl", "999ms", "--", "true")]
    [InlineData("lock", "name", "--ttl", "1d", "--", "true")]
    [InlineData("lock", "name", "--wait", "forever", "--", "true")]
    [InlineData("lock", "name", "--server", "127.0.0.1:8001,localhost", "--", "true")]
    [InlineData("cluster")]
    [InlineData("cluster", "unknown")]
    [InlineData("cluster", "show", "--yes")]
    [InlineData("cluster", "show", "--at", "8001")]
    [InlineData("cluster", "show", "--at", "a b:8001")]
    [InlineData("cluster", "show", "--at", "127.0.0.1:0")]
    [InlineData("cluster", "move")]
    [InlineData("cluster", "move", "1")]
    [InlineData("cluster", "move", "1", "2", "--abort")]
    [InlineData("cluster", "move", "--to", "a")]
    [InlineData("cluster", "move", "1", "--to", "a", "--abort")]
    [InlineData("cluster", "move", "", "--to", "a")]
    [InlineData("cluster", "move", "5-4", "--to", "a")]
    [InlineData("cluster", "move", "16384", "--to", "a")]
    [InlineData("cluster", "move", "1-2-3", "--to", "a")]
    [InlineData("cluster", "move", "1,,2", "--to", "a")]
    [InlineData("cluster", "rebalance", "--weight", "a")]
    [InlineData("cluster", "rebalance", "--weight", "a=-1")]
    [InlineData("cluster", "rebalance", "--weight", "a=1001")]
    [InlineData("cluster", "rebalance", "a")]
    [InlineData("cluster", "add")]
    [InlineData("cluster", "add", "7001")]
    [InlineData("cluster", "remove")]
    [InlineData("cluster", "replace", "a")]
    [InlineData("cluster", "replace", "a", "--with", "b")]
    [InlineData("cluster", "transfer")]
    [InlineData("cluster", "forget")]
    [InlineData("cluster", "recover", "--dry-run")] // the script gives it to the server
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
    [InlineData("cluster", "recover")]
    [InlineData("cluster move", "--to <SHARD>")]
    [InlineData("cluster rebalance", "--drain <SHARD>")]
    [InlineData("cluster replace", "--with <HOST:RAFTPORT>")]
    public async Task Help_is_an_answer_and_shows_what_is_typed(string word, string option)
    {
        Said said = await Words.TypeAsync([.. word.Split(' '), "--help"]);

        Assert.Equal(0, said.ExitCode);
        Assert.Empty(said.Errors);
        Assert.Contains($"./gache {word}", said.Output, StringComparison.Ordinal);
        Assert.Contains(option, said.Output, StringComparison.Ordinal);
    }
}
