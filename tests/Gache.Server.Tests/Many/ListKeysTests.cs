using System.Text;
using System.Text.Json;
using Gache.Replication;
using Gache.Server.Http.Many;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>http-api: GET and DELETE /keys.</summary>
public sealed class ListKeysTests
{
    [Fact]
    public async Task Pages_tell_every_key_with_the_prefix_once_and_only_the_last_one_has_no_cursor()
    {
        await using TestNode node = await StartAsync();
        for (int i = 0; i < 57; i++) await node.AskAsync("POST", $"/key/user{i}", body: "v");
        await node.AskAsync("POST", "/key/other", body: "v");
        var told = new List<string>();
        string next = "";
        int pages = 0;
        do
        {
            RawAnswer page = await node.AskAsync("GET", $"/keys?prefix=user&limit=10{next}");
            Assert.Equal((200, "application/json", "no-store"), (page.Status, page["Content-Type"], page["Cache-Control"]));
            using JsonDocument json = JsonDocument.Parse(page.Body);
            JsonElement[] keys = [.. json.RootElement.GetProperty("keys").EnumerateArray()];
            Assert.True(keys.Length <= 10);
            Assert.All(keys, key => Assert.False(key.TryGetProperty("value", out _)));
            told.AddRange(keys.Select(key => key.GetProperty("key").GetString()!));
            next = json.RootElement.TryGetProperty("cursor", out JsonElement cursor) ? $"&cursor={cursor.GetString()}" : "";
            pages++;
        }
        while (next.Length > 0);

        Assert.Equal(Enumerable.Range(0, 57).Select(i => $"user{i}").Order(), told.Order());
        Assert.True(pages >= 6);
    }

    [Fact]
    public async Task Keys_and_values_are_strings_where_they_are_utf8_and_else_base64()
    {
        await using TestNode node = await StartAsync();
        await node.AskAsync("POST", "/key/%7Bt%7Da%22%C3%A4%0A", body: "<v'");
        await node.AskAsync("POST", "/key/%7Bt%7D%FF", body: "\u00fe");
        RawAnswer answer = await node.AskAsync("GET", "/keys?values=true&prefix=%7Bt%7D");
        Assert.Equal("""{"keys":[{"key":"{t}a\"ä\n","revision":1,"value":"<v'"},{"key":{"base64":"e3R9/w=="},"revision":2,"value":{"base64":"/g=="}}]}""" + "\n", answer.Text);
    }

    [Theory]
    [InlineData("GET", "/keys?limit=0", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?limit=1001", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?limit=x", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?values=yes", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?cursor=AAAA", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?cursor=!", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?cursor=", 400, "parameter-malformed")]
    [InlineData("GET", "/keys?prefix=a&prefix=b", 400, "parameter-unknown")]
    [InlineData("GET", "/keys?level=stale", 400, "parameter-unknown")]
    [InlineData("GET", "/keys?prefix=a+b", 400, "parameter-ambiguous")]
    [InlineData("GET", "/keys?prefix=%zz", 400, "parameter-malformed")]
    [InlineData("POST", "/keys", 405, "method-not-allowed")]
    [InlineData("DELETE", "/keys", 400, "prefix-required")]
    [InlineData("DELETE", "/keys?prefix=", 400, "prefix-required")]
    [InlineData("DELETE", "/keys?prefix=a&limit=4", 400, "parameter-unknown")]
    [InlineData("DELETE", "/keys?prefix=a&dry-run=1", 400, "parameter-malformed")]
    public async Task What_is_not_understood_is_refused(string method, string target, int status, string code)
    {
        await using TestNode node = await StartAsync();
        Problem.Is(await node.AskAsync(method, target), status, code);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_prefix_is_deleted_in_slices_and_a_dry_run_only_counts()
    {
        await using TestNode node = await StartAsync();
        for (int i = 0; i < 40; i++) await node.AskAsync("POST", $"/key/gone{i}", body: "v");
        await node.AskAsync("POST", "/key/stays", body: "v");
        Assert.Equal("""{"deleted":40,"dry_run":true}""" + "\n", (await node.AskAsync("DELETE", "/keys?prefix=gone&dry-run=true")).Text);
        Assert.NotNull(node.Shard.Stored("gone7"u8));
        Assert.Equal("""{"deleted":40}""" + "\n", (await node.AskAsync("DELETE", "/keys?prefix=gone")).Text);
        Assert.Null(node.Shard.Stored("gone7"u8));
        Assert.NotNull(node.Shard.Stored("stays"u8));
        Assert.Equal("""{"deleted":0}""" + "\n", (await node.AskAsync("DELETE", "/keys?prefix=gone")).Text);
    }

    [Fact]
    public async Task More_than_the_slices_of_one_request_end_with_a_cursor_that_goes_on()
    {
        await using TestNode node = await StartAsync();
        const int Keys = (ManyLimits.MaxSlices + 3) * DeleteRangeCommand.MaxKeysOfSlice;
        node.Shard.Fill(Enumerable.Range(0, Keys).Select(i => $"{{t}}{i:d6}"));
        using JsonDocument first = JsonDocument.Parse((await node.AskAsync("DELETE", "/keys?prefix=%7Bt%7D")).Body);
        Assert.Equal(ManyLimits.MaxSlices * DeleteRangeCommand.MaxKeysOfSlice, first.RootElement.GetProperty("deleted").GetInt32());
        string cursor = first.RootElement.GetProperty("cursor").GetString()!;
        using JsonDocument second = JsonDocument.Parse((await node.AskAsync("DELETE", $"/keys?prefix=%7Bt%7D&cursor={cursor}")).Body);
        Assert.Equal(3 * DeleteRangeCommand.MaxKeysOfSlice, second.RootElement.GetProperty("deleted").GetInt32());
        Assert.False(second.RootElement.TryGetProperty("cursor", out _));
    }

    [Fact]
    public async Task A_page_that_cannot_be_read_now_names_the_cursor_to_go_on_from()
    {
        await using TestNode node = await StartAsync();
        await node.AskAsync("POST", "/key/a", body: "v");
        node.Shard.Refusal = new Refusal(RefusalCode.NoQuorum, "nobody confirms");
        RawAnswer refused = await node.AskAsync("GET", "/keys");
        Problem.Is(refused, 503, "no-quorum", isRetryable: true);
        using JsonDocument json = JsonDocument.Parse(refused.Body);
        string cursor = json.RootElement.GetProperty("cursor").GetString()!;
        node.Shard.Refusal = null;
        Assert.Contains("\"key\":\"a\"", (await node.AskAsync("GET", $"/keys?cursor={cursor}")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefusalCode.LeadershipLost, 504, "leadership-lost")]
    [InlineData(RefusalCode.Timeout, 504, "timeout")]
    public async Task A_deletion_whose_outcome_is_unknown_may_be_asked_for_again(RefusalCode refusal, int status, string code)
    {
        await using TestNode node = await StartAsync();
        node.Shard.Refusal = new Refusal(refusal, "nobody knows");
        Problem.Is(await node.AskAsync("DELETE", "/keys?prefix=a"), status, code, "unknown", isRetryable: true);
    }

    [Fact]
    public async Task A_follower_without_cluster_port_sends_to_its_leader()
    {
        await using TestNode node = await TestNode.StartFollowerAsync();
        foreach ((string method, string target) in ((string, string)[])[("GET", "/keys?prefix=a"), ("DELETE", "/keys?prefix=a"), ("POST", "/batch"), ("POST", "/txn")])
        {
            RawAnswer answer = await node.AskAsync(method, target, body: method == "POST" ? "{}" : "");
            Assert.Equal((307, $"http://{TestNode.LeaderElsewhere}{target}"), (answer.Status, answer["Location"]));
        }
    }

    [Fact]
    public void A_cursor_is_read_as_it_was_written_and_never_when_it_is_cut_or_changed()
    {
        var position = new ScanPosition(16_383, Encoding.UTF8.GetBytes("key"));
        string text = ScanCursor.Encode(position);
        ScanPosition? read = ScanCursor.Parse(Encoding.ASCII.GetBytes(text));
        Assert.Equal((16_383, "key"), (read!.Value.Slot, Encoding.UTF8.GetString(read.Value.After.Span)));
        for (int length = 0; length < text.Length; length++) Assert.Null(ScanCursor.Parse(Encoding.ASCII.GetBytes(text[..length])));
        for (int at = 0; at < text.Length; at++)
        {
            byte[] changed = Encoding.ASCII.GetBytes(text);
            changed[at] ^= 1;
            ScanPosition? other = ScanCursor.Parse(changed);
            Assert.True(other is null || (other.Value.Slot == position.Slot && other.Value.After.Span.SequenceEqual(position.After.Span)));
        }

        Assert.NotNull(ScanCursor.Parse(Encoding.ASCII.GetBytes(ScanCursor.Encode(new ScanPosition(0, new byte[StoreLimits.MaxKeyBytes])))));
        Assert.Null(ScanCursor.Parse(Encoding.ASCII.GetBytes(ScanCursor.Encode(new ScanPosition(Slot.Count, default)))));
    }

    private static async Task<TestNode> StartAsync()
    {
        TestNode node = await TestNode.StartAsync();
        node.Shard.LooksAtKeys = true;
        return node;
    }
}
