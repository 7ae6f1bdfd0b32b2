using System.Text.Json;
using Gache.Replication;
using Gache.Server.Http.Many;
using Xunit;

namespace Gache.Server.Tests.Many;

/// <summary>http-api: POST /batch.</summary>
public sealed class BatchTests
{
    [Fact]
    public async Task Each_line_has_its_result_in_order_and_a_wrong_one_stops_no_other()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("POST", "/batch", body: """
            {"op":"set","key":"a","value":"1"}
            {"op":"get","key":"a"}
            {"op":"add","key":"a","value":4,"max":9}

            {"op":"get","key":"a"}
            {"op":"add","key":"a","value":5,"max":9}
            {"op":"delete","key":"a"}
            {"op":"get","key":"a"}
            nonsense
            {"op":"set","key":"b","value":"x","if_none_match":"*","ttl":"30s"}
            {"op":"set","key":"b","value":"y","if_none_match":"*"}
            {"op":"set","key":"b","value":"y","if_match":4}
            {"op":"set","key":"b","value":"z","if_match":[9,"10"]}
            """);
        Assert.Equal((200, "application/x-ndjson"), (answer.Status, answer["Content-Type"]));
        string[] lines = answer.Text.TrimEnd('\n').Split('\n');
        Assert.Equal("""{"status":201,"revision":1}""", lines[0]);
        Assert.Equal("""{"status":200,"revision":1,"value":"1"}""", lines[1]);
        Assert.Equal("""{"status":200,"revision":2,"value":"5"}""", lines[2]);
        Assert.Equal("""{"status":200,"revision":2,"value":"5"}""", lines[3]);
        IsProblem(lines[4], 409, "out-of-range");
        Assert.Equal("""{"status":204}""", lines[5]);
        IsProblem(lines[6], 404, "key-not-found");
        IsProblem(lines[7], 400, "body-malformed");
        Assert.Equal("""{"status":201,"revision":4}""", lines[8]);
        Assert.Equal(4, IsProblem(lines[9], 412, "precondition-failed").GetProperty("revision").GetInt32());
        Assert.Equal("""{"status":200,"revision":5}""", lines[10]);
        IsProblem(lines[11], 412, "precondition-failed");
        Assert.Equal(12, lines.Length);
    }

    /// <summary>Such a name could not be read, and ended the connection in the midst of the answer.</summary>
    [Fact]
    public async Task A_line_with_a_name_that_is_no_text_stops_no_other()
    {
        await using TestNode node = await TestNode.StartAsync();
        string[] lines = (await node.AskAsync("POST", "/batch", body: """
            {"op":"set","key":"a","value":"1"}
            {"op":"get","key":"a","\ud800":1}
            {"op":"get","key":"a"}
            """)).Text.TrimEnd('\n').Split('\n');
        Assert.Equal("""{"status":201,"revision":1}""", lines[0]);
        IsProblem(lines[1], 400, "body-malformed");
        Assert.Equal("""{"status":200,"revision":1,"value":"1"}""", lines[2]);
    }

    [Fact]
    public async Task Lines_of_one_key_are_carried_out_in_their_order_however_many_there_are()
    {
        await using TestNode node = await TestNode.StartAsync();
        const int Lines = 3 * ManyLimits.LinesAtOnce + 7;
        string body = string.Join('\n', Enumerable.Range(0, Lines).Select(i => i % 3 == 2 ? """{"op":"get","key":"a"}""" : $$"""{"op":"set","key":"a","value":"{{i}}"}"""));
        string[] results = (await node.AskAsync("POST", "/batch", body: body)).Text.TrimEnd('\n').Split('\n');
        Assert.Equal(Lines, results.Length);
        for (int i = 2; i < Lines; i += 3)
        {
            using JsonDocument json = JsonDocument.Parse(results[i]);
            Assert.Equal($"{i - 1}", json.RootElement.GetProperty("value").GetString());
        }
    }

    [Fact]
    public async Task A_keyed_line_that_is_repeated_changes_nothing_and_a_refused_one_says_whether_it_may_be()
    {
        await using TestNode node = await TestNode.StartAsync();
        const string Line = """{"op":"add","key":"n","value":1,"idempotency_key":"k1"}""";
        string text = (await node.AskAsync("POST", "/batch", body: $"{Line}\n{Line}\r\n")).Text;
        Assert.Equal("""{"status":200,"revision":1,"value":"1"}""" + "\n" + """{"status":200,"revision":1,"value":"1"}""" + "\n", text);

        node.Shard.Refusal = new Refusal(RefusalCode.LeadershipLost, "nobody knows");
        string[] lines = (await node.AskAsync("POST", "/batch", body: $"{Line}\n{{\"op\":\"add\",\"key\":\"n\",\"value\":1}}")).Text.Split('\n');
        Assert.True(IsProblem(lines[0], 504, "leadership-lost").GetProperty("error").GetProperty("retryable").GetBoolean());
        JsonElement plain = IsProblem(lines[1], 504, "leadership-lost").GetProperty("error");
        Assert.Equal((false, "unknown"), (plain.GetProperty("retryable").GetBoolean(), plain.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Values_that_are_read_are_all_there_however_large_they_are_together()
    {
        await using TestNode node = await TestNode.StartAsync();
        string value = new('v', 400_000);
        for (int i = 0; i < 3; i++) await node.AskAsync("POST", $"/key/k{i}", body: value);
        string body = string.Join('\n', Enumerable.Range(0, 30).Select(i => $$"""{"op":"get","key":"k{{i % 3}}"}"""));
        string[] results = (await node.AskAsync("POST", "/batch", body: body)).Text.TrimEnd('\n').Split('\n');
        Assert.Equal(30, results.Length);
        Assert.All(results, result => Assert.True(result.Length > 400_000));
    }

    [Theory]
    [InlineData("", 400, "body-malformed")]
    [InlineData("\n \r\n", 400, "body-malformed")]
    public async Task A_body_without_a_line_is_refused(string body, int status, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/batch", body: body), status, code);
    }

    [Fact]
    public async Task Bounds_are_checked_before_any_line_is_carried_out()
    {
        await using TestNode node = await TestNode.StartAsync();
        const string Line = """{"op":"set","key":"a","value":"1"}""";
        Problem.Is(await node.AskAsync("POST", "/batch", body: string.Join('\n', Enumerable.Repeat(Line, ManyLimits.MaxLines + 1))), 413, "batch-too-large");
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync($"POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {ManyLimits.MaxBatchBytes + 1}\r\n\r\n");
        Problem.Is(await connection.ReadAsync(), 413, "batch-too-large");
        Problem.Is(await node.AskAsync("GET", "/batch"), 405, "method-not-allowed");
        Assert.Equal(0, node.Shard.Writes);
    }

    /// <summary>They make a write of one key safe. Passed over in silence, a deletion or a repeated batch would be carried out against them.</summary>
    [Theory]
    [InlineData("POST", "/batch", "If-Match: 9")]
    [InlineData("POST", "/batch", "If-None-Match: *")]
    [InlineData("POST", "/batch", "Idempotency-Key: k")]
    [InlineData("POST", "/txn", "If-Match: 9")]
    [InlineData("DELETE", "/keys?prefix=a", "If-Match: 9")]
    [InlineData("DELETE", "/keys?prefix=a", "Idempotency-Key: k")]
    public async Task Headers_of_writes_of_one_key_are_refused(string method, string target, string header)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync(method, target, headers: header + "\r\n", body: """{"op":"set","key":"a","value":"1"}"""), 400, "header-unsupported");
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_body_that_is_cut_off_has_no_effect()
    {
        await using TestNode node = await TestNode.StartAsync();
        using (RawConnection connection = await node.ConnectAsync())
        {
            await connection.SendAsync("POST /batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{\"op\":\"set\",\"key\":\"a\",\"value\":\"1\"}\n");
            connection.CloseSending();
            await connection.ReadToEndAsync();
        }

        Assert.Equal(0, node.Shard.Writes);
    }

    private static JsonElement IsProblem(string line, int status, string code)
    {
        JsonElement json = JsonDocument.Parse(line).RootElement;
        Assert.Equal(status, json.GetProperty("status").GetInt32());
        Assert.Equal(code, json.GetProperty("error").GetProperty("code").GetString());
        return json;
    }
}
