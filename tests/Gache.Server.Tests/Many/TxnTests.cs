using Gache.Replication;
using Gache.Store;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>http-api: POST /txn.</summary>
public sealed class TxnTests
{
    [Fact]
    public async Task All_is_done_if_all_holds_and_the_other_branch_otherwise()
    {
        await using TestNode node = await TestNode.StartAsync();
        string transfer = """
            {"compare":[{"key":"{b}from","exists":true}],
             "then":[{"op":"add","key":"{b}from","value":-5,"min":0},{"op":"add","key":"{b}to","value":"5"},{"op":"get","key":"{b}to"}],
             "else":[{"op":"set","key":"{b}from","value":"7","ttl":"1h"},{"op":"delete","key":"{b}none"},{"op":"get","key":"{b}none"}]}
            """;
        RawAnswer first = await node.AskAsync("POST", "/txn", body: transfer);
        Assert.Equal((200, "application/json"), (first.Status, first["Content-Type"]));
        Assert.Equal("""{"succeeded":false,"results":[{"status":201,"revision":1},{"status":204},{"status":404}]}""" + "\n", first.Text);
        RawAnswer second = await node.AskAsync("POST", "/txn", body: transfer);
        Assert.Equal("""{"succeeded":true,"results":[{"status":200,"revision":2,"value":"2"},{"status":200,"revision":3,"value":"5"},{"status":200,"revision":3,"value":"5"}]}""" + "\n", second.Text);

        RawAnswer third = await node.AskAsync("POST", "/txn", body: transfer);
        Problem.Is(third, 409, "out-of-range");
        Assert.Contains("then[0]", third.Text, StringComparison.Ordinal);
        Assert.Equal("5"u8.ToArray(), node.Shard.Stored("{b}to"u8));
    }

    [Fact]
    public async Task A_revision_is_compared_and_bytes_that_are_no_text_go_in_and_out()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/txn", body: """{"then":[{"op":"set","key":{"base64":"e3R9/w=="},"value":{"base64":"AP8="}}]}""");
        Assert.Equal(new byte[] { 0, 255 }, node.Shard.Stored([.. "{t}"u8, 255]));
        RawAnswer read = await node.AskAsync("POST", "/txn", body: """{"compare":[{"key":{"base64":"e3R9/w=="},"revision":1}],"then":[{"op":"get","key":{"base64":"e3R9/w=="}}]}""");
        Assert.Equal("""{"succeeded":true,"results":[{"status":200,"revision":1,"value":{"base64":"AP8="}}]}""" + "\n", read.Text);
        RawAnswer other = await node.AskAsync("POST", "/txn", body: """{"compare":[{"key":{"base64":"e3R9/w=="},"revision":2}],"then":[]}""");
        Assert.Equal("""{"succeeded":false,"results":[]}""" + "\n", other.Text);
    }

    [Fact]
    public async Task A_repeat_with_its_idempotency_key_gets_the_first_answer_and_something_else_is_refused()
    {
        await using TestNode node = await TestNode.StartAsync();
        const string Count = """{"then":[{"op":"add","key":"{t}n","value":1}]}""";
        RawAnswer first = await node.AskAsync("POST", "/txn", "Idempotency-Key: k1\r\n", Count);
        RawAnswer again = await node.AskAsync("POST", "/txn", "Idempotency-Key: k1\r\n", Count);
        Assert.Equal(first.Text, again.Text);
        Assert.Equal("1"u8.ToArray(), node.Shard.Stored("{t}n"u8));
        Problem.Is(await node.AskAsync("POST", "/txn", "Idempotency-Key: k1\r\n", Count.Replace("1}", "2}", StringComparison.Ordinal)), 422, "idempotency-key-reused");
        Problem.Is(await node.AskAsync("POST", "/txn", "Idempotency-Key:\r\n", Count), 400, "idempotency-key-malformed");
    }

    [Theory]
    [InlineData("", 400, "body-malformed")]
    [InlineData("[]", 400, "body-malformed")]
    [InlineData("{}", 400, "body-malformed")]
    [InlineData("""{"then":{}}""", 400, "body-malformed")]
    [InlineData("""{"than":[]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":"1"}],"then":[]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"put","key":"a","value":"1"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":1}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":"1","if_match":"*"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":"1","key":"b"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"\ud800","value":"1"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":{"base64":"?"},"value":"1"}]}""", 400, "body-malformed")]
    [InlineData("""{"\ud800":[]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"get","key":"a","\ud800":1}]}""", 400, "body-malformed")]
    [InlineData("""{"compare":[{"\ud800":"a","exists":true}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"add","key":"a","value":"x"}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"add","key":"a","value":1,"min":2,"max":1}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"","value":"1"}]}""", 400, "key-empty")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":"1","ttl":"soon"}]}""", 400, "ttl-malformed")]
    [InlineData("""{"compare":[{"key":"a"}]}""", 400, "body-malformed")]
    [InlineData("""{"compare":[{"key":"a","exists":true,"revision":1}]}""", 400, "body-malformed")]
    [InlineData("""{"compare":[{"key":"a","revision":-1}]}""", 400, "body-malformed")]
    [InlineData("""{"then":[{"op":"set","key":"a","value":"1"},{"op":"set","key":"b","value":"1"}]}""", 400, "txn-cross-slot")]
    public async Task What_is_not_understood_is_refused_and_nothing_is_done(string body, int status, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/txn", body: body), status, code);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task Bounds_are_checked_before_anything_is_done()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = 10 });
        string Many(int count) => $$"""{"then":[{{string.Join(',', Enumerable.Repeat("""{"op":"delete","key":"a"}""", count))}}]}""";
        Problem.Is(await node.AskAsync("POST", "/txn", body: Many(129)), 413, "txn-too-large");
        Assert.Equal(200, (await node.AskAsync("POST", "/txn", body: Many(128))).Status);
        Problem.Is(await node.AskAsync("POST", "/txn", body: """{"then":[{"op":"set","key":"a","value":"elevenbytes"}]}"""), 413, "value-too-large");
        Problem.Is(await node.AskAsync("POST", "/txn", body: $$"""{"then":[{"op":"get","key":"{{new string('k', StoreLimits.MaxKeyBytes + 1)}}"}]}"""), 414, "key-too-long");
        Problem.Is(await node.AskAsync("POST", "/txn", body: new string(' ', TxnCommand.MaxBytes + 1)), 413, "txn-too-large");
        Problem.Is(await node.AskAsync("GET", "/txn"), 405, "method-not-allowed");
        Problem.Is(await node.AskAsync("POST", "/txn?x=1", body: Many(1)), 400, "parameter-unknown");
        Assert.Equal(1, node.Shard.Writes);
    }

    [Fact]
    public async Task An_outcome_that_nobody_knows_may_be_asked_for_again_only_with_an_idempotency_key()
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.Refusal = new Refusal(RefusalCode.LeadershipLost, "nobody knows");
        const string Count = """{"then":[{"op":"add","key":"{t}n","value":1}]}""";
        Problem.Is(await node.AskAsync("POST", "/txn", body: Count), 504, "leadership-lost", "unknown");
        Problem.Is(await node.AskAsync("POST", "/txn", "Idempotency-Key: k\r\n", Count), 504, "leadership-lost", "unknown", isRetryable: true);
    }
}
