using Gache.Replication;
using Gache.Server.Http.Keys;
using Xunit;

namespace Gache.Server.Tests;

/// <summary><c>wait</c> and <c>min-revision</c> as HTTP has them; that they are waited for is the replica's to show.</summary>
public sealed class WaitTests
{
    [Theory]
    [InlineData("PUT", "?wait=1500ms", "If-None-Match: *\r\n", 1_500)]
    [InlineData("POST", "?wait=2&add=1", "If-Match: \"1\"\r\n", 2_000)]
    [InlineData("POST", "?touch=5s&wait=3s", "If-Match: *\r\n", 3_000)]
    [InlineData("DELETE", "?wait=5m", "If-Match: 7\r\n", 300_000)]
    [InlineData("GET", "?wait=30s", "If-None-Match: 7\r\n", 30_000)]
    [InlineData("HEAD", "?level=stale&wait=30s", "If-None-Match: *\r\n", 30_000)]
    public async Task A_request_with_a_condition_waits_as_long_as_it_says(string method, string query, string headers, int milliseconds)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync(method, "/key/a" + query, headers, method == "PUT" ? "v" : "");
        Assert.InRange(node.Shard.LastWait.Wait.TotalMilliseconds, milliseconds - 1_000, milliseconds);
    }

    [Theory]
    [InlineData("PUT", "?wait=0", "If-None-Match: *\r\n", "parameter-malformed")]
    [InlineData("PUT", "?wait=301s", "If-None-Match: *\r\n", "parameter-malformed")]
    [InlineData("PUT", "?wait=keep", "If-None-Match: *\r\n", "parameter-malformed")]
    [InlineData("PUT", "?wait=1s&wait=1s", "If-None-Match: *\r\n", "parameter-unknown")]
    [InlineData("PUT", "?wait=1s", "", "parameter-malformed")]
    [InlineData("GET", "?wait=1s", "", "parameter-malformed")]
    [InlineData("GET", "?wait=1s", "If-Match: 7\r\n", "parameter-malformed")]
    [InlineData("GET", "?wait=1s", "If-None-Match: \"7\r\n", "condition-malformed")]
    [InlineData("GET", "?min-revision=7", "", "parameter-malformed")]
    [InlineData("GET", "?level=linearizable&min-revision=7", "", "parameter-malformed")]
    [InlineData("GET", "?level=stale&min-revision=-1", "", "parameter-malformed")]
    [InlineData("GET", "?level=stale&min-revision=99999999999999999999", "", "parameter-malformed")]
    [InlineData("PUT", "?min-revision=7", "", "parameter-unknown")]
    public async Task A_wait_that_cannot_be_meant_is_400_and_nothing_is_done(string method, string query, string headers, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync(method, "/key/a" + query, headers, method == "PUT" ? "v" : ""), 400, code);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_stale_read_says_what_it_must_see_at_least()
    {
        await using TestNode node = await TestNode.StartAsync();
        string revision = (await node.AskAsync("PUT", "/key/a", body: "v"))["Gache-Revision"]!;
        Assert.Equal("v", (await node.AskAsync("GET", $"/key/a?min-revision={revision}&level=stale")).Text);
        Assert.Equal((ReadLevel.Stale, 1ul, null), (node.Shard.LastWait.Terms!.Level, node.Shard.LastWait.Terms.MinRevision, node.Shard.LastWait.Terms.Condition));

        node.Shard.Refusal = new Refusal(RefusalCode.RevisionNotReached, "not so far");
        RawAnswer behind = await node.AskAsync("GET", "/key/a?level=stale&min-revision=99");
        Problem.Is(behind, 503, "revision-not-reached", isRetryable: true);
        Assert.Equal("1", behind["Retry-After"]);
    }

    [Fact]
    public async Task A_delete_tells_its_revision_so_that_a_later_read_can_ask_for_it()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("PUT", "/key/a", body: "v");
        RawAnswer deleted = await node.AskAsync("DELETE", "/key/a");
        Assert.Equal((204, "2", null), (deleted.Status, deleted["Gache-Revision"], deleted["ETag"]));
    }

    [Fact]
    public async Task A_client_that_hangs_up_is_noticed_while_its_request_waits()
    {
        await using TestNode node = await TestNode.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Shard.Gate = gate.Task;
        using (RawConnection connection = await node.ConnectAsync())
        {
            await connection.SendAsync("PUT /key/a?wait=5m HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\nContent-Length: 1\r\n\r\nv");
            await node.Shard.WaitBegan.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.False(node.Shard.Gone.IsCompleted);
        }

        await node.Shard.Gone.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        gate.SetResult();
    }

    [Fact]
    public async Task What_a_client_says_is_left_of_its_wait_counts_only_between_nodes()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("PUT", "/key/a?wait=1m", "If-None-Match: *\r\nGache-Wait-Left: 5\r\n", "v");
        Assert.InRange(node.Shard.LastWait.Wait, TimeSpan.FromSeconds(50), KeyQuery.LongestWait);
    }
}
