using System.Text;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Counters.</summary>
public sealed class CounterTests
{
    [Fact]
    public async Task Add_counts_and_answers_with_the_new_value()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer first = await node.AskAsync("POST", "/key/c?add=5");
        Assert.Equal((200, "5", "\"1\"", "1"), (first.Status, first.Text, first["ETag"], first["Gache-Revision"]));
        Assert.Equal("application/octet-stream", first["Content-Type"]);
        Assert.Equal("nosniff", first["X-Content-Type-Options"]);
        Assert.Equal("3", (await node.AskAsync("POST", "/key/c?add=-2")).Text);
        Assert.Equal("3", (await node.AskAsync("POST", "/key/c?add=0")).Text);
        Assert.Equal("-7", (await node.AskAsync("POST", "/key/c?add=-10")).Text);
        RawAnswer read = await node.AskAsync("GET", "/key/c");
        Assert.Equal(("-7", "\"4\""), (read.Text, read["ETag"]));
    }

    [Theory]
    [InlineData("-0", "1", "1")]
    [InlineData("007", "1", "8")]
    [InlineData("-9223372036854775808", "1", "-9223372036854775807")]
    [InlineData("9223372036854775806", "1", "9223372036854775807")]
    [InlineData("9223372036854775807", "-9223372036854775808", "-1")]
    public async Task A_value_that_is_a_decimal_number_can_be_added_to(string value, string add, string sum)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/c", body: value);
        Assert.Equal(sum, (await node.AskAsync("POST", $"/key/c?add={add}")).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("1 ")]
    [InlineData("1\n")]
    [InlineData("1.0")]
    [InlineData("0x1")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("00000000000000000000001")]
    public async Task A_value_that_is_no_decimal_number_stays_as_it_is(string value)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/c", body: value);
        RawAnswer answer = await node.AskAsync("POST", "/key/c?add=1");
        Problem.Is(answer, 409, "not-a-number");
        Assert.Equal("\"1\"", answer["ETag"]);
        Assert.Equal(Encoding.ASCII.GetBytes(value), node.Shard.Stored("c"u8));
    }

    [Theory]
    [InlineData("add=1&max=10", 409)]
    [InlineData("add=-11&min=0", 409)]
    [InlineData("add=1&min=12", 409)]
    [InlineData("add=9223372036854775807", 409)]
    [InlineData("add=0&min=10&max=10", 200)]
    [InlineData("min=9&add=-1&max=11", 200)]
    [InlineData("add=%2B1&max=11", 200)]
    public async Task Bounds_are_of_the_sum(string query, int status)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/c", body: "10");
        RawAnswer answer = await node.AskAsync("POST", "/key/c?" + query);
        Assert.Equal(status, answer.Status);
        if (status == 200) return;

        Problem.Is(answer, 409, "out-of-range");
        Assert.Equal("10"u8.ToArray(), node.Shard.Stored("c"u8));
        Problem.Is(await node.AskAsync("POST", "/key/none?add=1&max=0"), 409, "out-of-range");
        Assert.Null(node.Shard.Stored("none"u8));
    }

    [Theory]
    [InlineData("add=")]
    [InlineData("add=x")]
    [InlineData("add=1.5")]
    [InlineData("add=9223372036854775808")]
    [InlineData("add=1&min=a")]
    [InlineData("min=1")]
    [InlineData("max=1")]
    [InlineData("add=1&min=2&max=1")]
    public async Task What_is_no_number_in_the_query_is_400_and_nothing_is_done(string query)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/key/c?" + query), 400, "parameter-malformed");
        Assert.Equal(0, node.Shard.Writes);
    }

    [Fact]
    public async Task A_body_beside_add_is_refused()
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("POST", "/key/c?add=1", body: "5"), 400, "body-malformed");
        Problem.Is(await node.AskAsync("POST", "/key/c?add=1", "Transfer-Encoding: chunked\r\n", "1\r\n5\r\n0\r\n\r\n"), 400, "body-malformed");
        Assert.Equal(0, node.Shard.Writes);
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync("POST /key/c?add=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Assert.Equal("1", (await connection.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_condition_stands_before_the_addition()
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal("1", (await node.AskAsync("POST", "/key/c?add=1", "If-None-Match: *\r\n")).Text);
        Problem.Is(await node.AskAsync("POST", "/key/c?add=1", "If-None-Match: *\r\n"), 412, "precondition-failed");
        Assert.Equal("2", (await node.AskAsync("POST", "/key/c?add=1", "If-Match: \"1\"\r\n")).Text);
    }
}
