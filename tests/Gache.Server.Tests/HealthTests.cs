using Gache.Primitives;
using Gache.Replication;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: <c>/livez</c> and <c>/readyz</c>.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task A_node_that_hears_its_leader_and_is_up_to_date_is_ready()
    {
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status));
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status with { ShardCommitIndex = 1_010, ShardCommitIndexSecondAgo = 1_000 }));
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status, "/readyz?scope=cluster"));
    }

    [Fact]
    public async Task What_speaks_against_a_node_is_said_one_a_line()
    {
        Assert.Equal((503, "no leader\n"), await ReadyAsync(status => status with { IsLeaderHeard = false }));
        Assert.Equal(
            (503, "no leader\nbehind by 1200 entries\n"), await ReadyAsync(status => status with { IsLeaderHeard = false, ShardCommitIndex = 1_210, ShardCommitIndexSecondAgo = 1_200 }));
        Assert.Equal(
            (503, "joining; nobody answers\n"),
            await ReadyAsync(status => status with { Shard = default, Role = ReplicaRole.Outside, IsLeaderHeard = false, MayServe = false, Alarms = ["joining; nobody answers"] }));
    }

    [Fact]
    public async Task Without_a_leader_it_says_which_members_are_missing()
    {
        MemberStatus Member(int n, bool? isReachable) => new(new NodeId((ulong)n), $"127.0.0.1:{7000 + n}", $"127.0.0.1:{8000 + n}", "voter", null, isReachable);
        MemberStatus[] members = [Member(1, true), Member(2, false), Member(3, null), .. Enumerable.Range(4, 9).Select(n => Member(n, false))];

        Assert.Equal(
            (503, "no leader; not reachable: 127.0.0.1:8002, 127.0.0.1:8004, 127.0.0.1:8005, 127.0.0.1:8006, 127.0.0.1:8007, 127.0.0.1:8008, 127.0.0.1:8009, 127.0.0.1:8010 and 2 more\n"),
            await ReadyAsync(status => status with { IsLeaderHeard = false, Members = members }));
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status with { Members = members })); // a leader that lost some has still a majority
    }

    /// <summary>http-api: applied is within 1 s or 1,000 entries of the commit.</summary>
    [Theory]
    [InlineData(1_000, 1_000, 0ul, true)] // by entries
    [InlineData(9_000, 5_000, 5_000ul, true)] // by time: under load a thousand entries are few
    [InlineData(9_000, 4_999, 5_000ul, false)]
    [InlineData(9_000, 5_000, null, false)] // it has not listened for a second: nothing is known of then
    public async Task A_node_is_ready_within_a_thousand_entries_or_a_second(ulong committed, ulong applied, ulong? secondAgo, bool isReady)
    {
        (int status, string text) = await ReadyAsync(leading =>
            leading with { ShardCommitIndex = committed, AppliedIndex = applied, ShardCommitIndexSecondAgo = secondAgo });
        Assert.Equal(isReady ? (200, "ready\n") : (503, $"behind by {committed - applied} entries\n"), (status, text));
    }

    [Fact]
    public async Task A_node_that_loads_a_snapshot_or_has_not_caught_up_since_its_start_is_not_ready()
    {
        Assert.Equal((503, "loading a snapshot from the leader\n"), await ReadyAsync(status => status with { IsLoading = true }));
        Assert.Equal(
            (503, "catching up since its start: behind by 2 entries\n"), await ReadyAsync(status => status with { HasCaughtUp = false, ShardCommitIndex = 12 }));
        Assert.Equal(
            (503, "no leader\ncatching up since its start: behind by 0 entries\n"),
            await ReadyAsync(status => status with { Role = ReplicaRole.Outside, IsLeaderHeard = false, HasCaughtUp = false }));
    }

    [Fact]
    public async Task What_an_operator_should_look_at_does_not_take_the_node_out()
    {
        Assert.Equal(
            (200, "ready\nwarning: clocks disagree\nwarning: memory: 850000 of 1000000 bytes; puts are refused at the bound (--max-memory)\n"),
            await ReadyAsync(status => status with { Alarms = ["clocks disagree"], StoreBytes = 850_000 }));
    }

    [Fact]
    public async Task An_unknown_scope_is_refused()
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("GET", "/readyz?scope=world"), 400, "parameter-unknown");
    }

    private static async Task<(int Status, string Text)> ReadyAsync(Func<ReplicaStatus, ReplicaStatus> change, string target = "/readyz")
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Status = change(MemoryShard.Leading());
        RawAnswer answer = await node.AskAsync("GET", target);
        Assert.Equal(200, (await node.AskAsync("GET", "/livez")).Status);
        return (answer.Status, answer.Text);
    }
}
