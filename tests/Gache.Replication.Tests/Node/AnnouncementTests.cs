using Gache.Primitives;
using Gache.Replication.Tests.Node.Founding;
using Xunit;

namespace Gache.Replication.Tests.Node;

/// <summary>A member that comes back with a list: strangers in it, nobody in it, and what it is told.</summary>
public sealed class AnnouncementTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_stray_node_in_the_list_does_not_take_down_a_member_and_is_named_once()
    {
        await using ListedWorld world = await TwoAndAStrangerAsync();
        (ShardId shard, ShardId strange) = (world.ShardOf(2), world.ShardOf(3));

        world.Start(2, "n3:8000", "n1:8000", "n2:8000");
        await world.PassAsync(Long);

        Assert.False(world.Node(2).Ended.IsCompleted);
        Assert.Equal(shard, world.ShardOf(2));
        Assert.Equal(1, world.Said.Count($"names strangers, which are not asked: n3:8000 is of shard {strange}"));
    }

    /// <summary>Nobody of its own shard is there at the moment: it says so, and does not end.</summary>
    [Fact]
    public async Task A_member_whose_list_answers_only_in_part_waits()
    {
        await using ListedWorld world = await TwoAndAStrangerAsync();
        world.Cut.Add((2, 1));

        world.Start(2, "n3:8000", "n1:8000", "n2:8000");
        await world.PassAsync(Long);

        Assert.False(world.Node(2).Ended.IsCompleted);
        Assert.Contains("n1:8000: nobody answers", world.Words(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_whose_whole_list_is_of_another_shard_ends_and_names_both()
    {
        await using ListedWorld world = await TwoAndAStrangerAsync();
        (ShardId shard, ShardId strange) = (world.ShardOf(2), world.ShardOf(3));

        world.Start(2, "n3:8000", "n2:8000");
        await world.UntilAsync("it ended", () => world.Node(2).Ended.IsCompleted);

        NodeEnd end = await world.Node(2).Ended;
        Assert.Equal(NodeEndReason.FolderNotUsable, end.Reason);
        Assert.Contains($"belongs to shard {shard}, and n3:8000 is of shard {strange}", end.Detail, StringComparison.Ordinal);
    }

    /// <summary>It never got a log, so it does not stand in the configuration that it knows.</summary>
    [Fact]
    public async Task A_member_that_is_not_known_at_its_address_says_what_it_is_told()
    {
        await using ListedWorld world = await TwoAndAStrangerAsync();
        const string Reason = "nobody answered at n2:7000; the leader must reach the joiner there";
        world.JoinAnswers = _ => new JoinAnswer(null, JoinRefusal.NotReachable, Reason);

        world.Start(2, "n1:8000", "n2:8000");
        await world.UntilAsync("it says so", () => world.Words(2).Contains($"at n2:7000 (API n2:8000); n1:8000: {Reason}", StringComparison.Ordinal));
        await world.PassAsync(Long);
        Assert.Equal(1, world.Said.Count($"n1:8000: {Reason}"));

        await world.CrashAsync(1);
        await world.UntilAsync("it says that nobody answers", () => world.Words(2).Contains("n1:8000: nobody answers", StringComparison.Ordinal));
        Assert.Equal(1, world.Said.Count("that this member is at n2:7000 (API n2:8000); n1:8000: nobody answers"));

        world.Start(1, "n1:8000", "n2:8000");
        world.JoinAnswers = _ => null;
        await world.UntilAsync("it was told", () => world.Words(2).Contains("n1:8000: it was told", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_member_that_is_known_at_its_address_waits_for_nobody()
    {
        await using ListedWorld world = await TwoAndAStrangerAsync();
        await world.CrashAsync(1);

        world.Start(1, "n1:8000", "n2:8000");
        await world.PassAsync(Long);

        Assert.DoesNotContain("that this member is at", world.Words(1), StringComparison.Ordinal);
        Assert.Equal(0, world.Said.Count("that this member is at n1:7000"));
    }

    /// <summary>n1 and n2 are of one shard, n3 of another, and n2 is stopped.</summary>
    private static async Task<ListedWorld> TwoAndAStrangerAsync()
    {
        var world = new ListedWorld(3, 1);
        world.Start(1, "n1:8000", "n2:8000");
        world.Start(2, "n1:8000", "n2:8000");
        world.Start(3);
        await world.UntilAsync("all are of a shard", () => world.All.All(node => !world.ShardOf(node).IsNone));
        Assert.Equal(2, world.Shards.Length);
        await world.CrashAsync(2);
        return world;
    }
}
