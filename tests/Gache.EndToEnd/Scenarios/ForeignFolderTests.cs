using System.Globalization;
using Gache.EndToEnd.Harness;

namespace Gache.EndToEnd.Scenarios;

/// <summary>P7: a data folder belongs to one node and one shard.</summary>
public sealed class ForeignFolderTests
{
    private const int FolderNotUsable = 73;

    [Fact]
    public async Task A_second_process_on_a_folder_is_refused_and_told_who_holds_it()
    {
        await using Shard shard = await Shard.StartAsync(size: 1);
        await using var second = new Node("second", shard.First.Folder) { From = shard.Folder.Path };

        second.Start();

        Assert.Equal(FolderNotUsable, await second.Process.ExitAsync());
        string line = Assert.Single(second.Process.Errors.Lines);
        Assert.Contains(shard.First.Process.Id.ToString(CultureInfo.InvariantCulture), line, StringComparison.Ordinal);
        await shard.WriteAsync(shard.First, "k", "v");
    }

    [Fact]
    public async Task A_folder_of_another_shard_is_refused_and_both_are_named()
    {
        await using Shard one = await Shard.StartAsync(size: 1);
        await using Shard two = await Shard.StartAsync(size: 1);
        string shardOne = (await one.First.ClusterAsync())!.Value.GetProperty("shard").GetString()!;
        string shardTwo = (await two.First.ClusterAsync())!.Value.GetProperty("shard").GetString()!;
        await two.First.StopAsync();

        await using var wrong = new Node("wrong", two.First.Folder, one.First.Api) { From = one.Folder.Path };
        wrong.Start();

        Assert.Equal(FolderNotUsable, await wrong.Process.ExitAsync());
        Assert.True(wrong.Process.Errors.Contains(shardOne) && wrong.Process.Errors.Contains(shardTwo), wrong.Process.Log.ToString());
    }
}
