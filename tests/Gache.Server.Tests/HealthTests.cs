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
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status with { CommitIndex = 1_010 }));
        Assert.Equal((200, "ready\n"), await ReadyAsync(status => status, "/readyz?scope=cluster"));
    }

    [Fact]
    public async Task What_speaks_against_a_node_is_said_one_a_line()
    {
        Assert.Equal((503, "no leader\n"), await ReadyAsync(status => status with { IsLeaderHeard = false }));
        Assert.Equal(
            (503, "no leader\nbehind by 1200 entries\n"), await ReadyAsync(status => status with { IsLeaderHeard = false, CommitIndex = 1_210 }));
        Assert.Equal(
            (503, "joining; nobody answers\n"),
            await ReadyAsync(status => status with { Role = ReplicaRole.Outside, IsLeaderHeard = false, MayServe = false, Alarms = ["joining; nobody answers"] }));
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
