using Gache.Cluster;
using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: <c>GET /watch</c>, as far as it is known from the request alone; streams are watched in the end-to-end tests.</summary>
public sealed class WatchTests
{
    [Theory]
    [InlineData("/watch", 400, "parameter-malformed")]
    [InlineData("/watch?key=a&prefix=b", 400, "parameter-malformed")]
    [InlineData("/watch?key=", 400, "key-empty")]
    [InlineData("/watch?key=a&key=b", 400, "parameter-unknown")]
    [InlineData("/watch?key=a&since=5", 400, "parameter-unknown")]
    [InlineData("/watch?prefix=a+b", 400, "parameter-ambiguous")]
    [InlineData("/watch?prefix=%zz", 400, "parameter-malformed")]
    [InlineData("/watch?prefix=&from=AAAA", 400, "parameter-malformed")]
    [InlineData("/watch?prefix=&from=", 400, "parameter-malformed")]
    public async Task A_bad_watch_is_refused_in_words(string target, int status, string code)
    {
        await using TestNode node = await StartAsync();
        Problem.Is(await node.AskAsync("GET", target), status, code);
    }

    [Fact]
    public async Task A_prefix_longer_than_any_key_is_414()
    {
        await using TestNode node = await StartAsync();
        Problem.Is(await node.AskAsync("GET", $"/watch?prefix={new string('a', 2_049)}"), 414, "key-too-long");
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Only_GET_watches(string method)
    {
        await using TestNode node = await StartAsync();
        RawAnswer answer = await node.AskAsync(method, "/watch?prefix=");
        Assert.Equal(405, answer.Status);
        Assert.Equal("GET", answer["Allow"]);
    }

    [Fact]
    public async Task A_node_that_starts_or_belongs_to_no_shard_refuses_a_watch_as_surely_not_applied()
    {
        await using TestNode starting = await TestNode.StartAsync();
        Problem.Is(await starting.AskAsync("GET", "/watch?prefix="), 503, "not-serving", isRetryable: true);
    }

    [Fact]
    public async Task A_follower_without_a_cluster_port_names_its_leader()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        node.Host.Dispatcher.Watch(() => Watches(node));
        RawAnswer answer = await node.AskAsync("GET", "/watch?prefix=a%20b&from=x");
        Assert.Equal(307, answer.Status);
        Assert.Equal($"http://{TestNode.LeaderElsewhere}/watch?prefix=a%20b&from=x", answer["Location"]);
    }

    /// <summary>It may have fallen behind, and has nobody to ask what became of the id: 410 would be a guess.</summary>
    [Fact]
    public async Task A_follower_without_a_cluster_port_and_without_a_leader_does_not_judge_an_id()
    {
        await using TestNode node = await TestNode.StartAsync();
        Watches watches = Watches(node);
        node.Host.Dispatcher.Watch(() => watches);
        string id = WatchCursor.Encode(node.Shard.Status.Cluster, [new SlotPlace(0, Slot.Count - 1, 1, 5)]);
        node.Shard.Status = node.Shard.Status with { Role = ReplicaRole.Follower, IsLeaderHeard = false, LeaderApi = "" };
        Problem.Is(await TickAsync(node.AskAsync("GET", $"/watch?prefix=&from={id}"), watches), 503, "no-leader", isRetryable: true);

        Task<RawAnswer> later = node.AskAsync("GET", $"/watch?prefix=&from={id}");
        watches.Tick();
        node.Shard.Status = node.Shard.Status with { IsLeaderHeard = true, LeaderApi = TestNode.LeaderElsewhere };
        RawAnswer answer = await TickAsync(later, watches);
        Assert.Equal(307, answer.Status);
        Assert.Equal($"http://{TestNode.LeaderElsewhere}/watch?prefix=&from={id}", answer["Location"]);
    }

    private static async Task<RawAnswer> TickAsync(Task<RawAnswer> answer, Watches watches)
    {
        while (!answer.IsCompleted)
        {
            watches.Tick();
            await Task.WhenAny(answer, Task.Delay(1));
        }

        return await answer;
    }

    private static async Task<TestNode> StartAsync()
    {
        TestNode node = await TestNode.StartAsync();
        Watches watches = Watches(node);
        node.Host.Dispatcher.Watch(() => watches);
        return node;
    }

    private static Watches Watches(TestNode node) => new(new WatchesOptions { Status = () => node.Shard.Status, Replica = () => null });
}
