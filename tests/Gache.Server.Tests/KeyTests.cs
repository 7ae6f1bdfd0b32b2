using System.Text;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api: Keys and values.</summary>
public sealed class KeyTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("a/b//c/", "a/b//c/")]
    [InlineData("/", "/")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a+b", "a+b")]
    [InlineData("a%2Bb", "a+b")]
    [InlineData("a;b=c", "a;b=c")]
    [InlineData("%C3%A4", "\u00c3\u00a4")]
    [InlineData("%ff%fe", "\u00ff\u00fe")]
    [InlineData("%25", "%")]
    [InlineData("%2541", "%41")]
    [InlineData("...", "...")]
    [InlineData("a/...b/.c", "a/...b/.c")]
    [InlineData("a%2F..%2Fb", "a/../b")]
    [InlineData("%20%0A%0d%7f", " \n\r\u007f")]
    [InlineData("{tag}x", "{tag}x")]
    [InlineData("a#b", "a#b")]
    [InlineData("key/key", "key/key")]
    public async Task A_key_is_the_raw_target_percent_decoded_exactly_once(string raw, string latin1)
    {
        await using TestNode node = await TestNode.StartAsync();

        Assert.Equal(200, (await node.AskAsync("POST", "/key/" + raw, body: "v")).Status);

        Assert.Equal("v"u8.ToArray(), node.Shard.Stored(Encoding.Latin1.GetBytes(latin1)));
        Assert.Equal("v", (await node.AskAsync("GET", "/key/" + raw)).Text);
    }

    [Fact]
    public async Task Nothing_is_normalised_so_spellings_of_one_path_are_different_keys()
    {
        await using TestNode node = await TestNode.StartAsync();
        string[] keys = ["a", "a/", "/a", "//a", "A", "a%20", "a+"];
        foreach (string key in keys) await node.AskAsync("POST", "/key/" + key, body: "value of " + key);

        foreach (string key in keys) Assert.Equal("value of " + key, (await node.AskAsync("GET", "/key/" + key)).Text);
    }

    [Theory]
    [InlineData("/key/")]
    [InlineData("/key/?level=stale")]
    [InlineData("/key")]
    public async Task An_empty_key_is_refused(string target)
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("GET", target), 400, "key-empty");
    }

    [Theory]
    [InlineData("%")]
    [InlineData("%4")]
    [InlineData("%zz")]
    [InlineData("a%4")]
    [InlineData("%%41")]
    [InlineData("%u0041")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../livez")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a/..")]
    [InlineData("%2e")]
    [InlineData("%2E%2e/x")]
    [InlineData("a/.%2e/b")]
    [InlineData("a/%2e./b")]
    public async Task A_bad_escape_or_a_dot_segment_is_malformed(string raw)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach (string method in (string[])["GET", "POST", "PUT", "DELETE"])
            Problem.Is(await node.AskAsync(method, "/key/" + raw), 400, "key-malformed");

        Assert.Equal(0, node.Shard.Writes);
    }

    [Theory]
    [InlineData("/key/a%00b")]
    [InlineData("/key/%00")]
    public async Task Byte_0_is_refused_and_reaches_nothing(string target)
    {
        await using TestNode node = await TestNode.StartAsync();

        // Kestrel refuses it before us, without a body (http-api, Errors: the HTTP layer).
        Assert.Equal(400, (await node.AskAsync("POST", target, body: "v")).Status);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Theory]
    [InlineData(2_048, "k")]
    [InlineData(2_048, "%41")]
    [InlineData(2_048, "/")]
    public async Task The_longest_key_is_2048_bytes_after_decoding(int count, string unit)
    {
        await using TestNode node = await TestNode.StartAsync();
        string longest = string.Concat(Enumerable.Repeat(unit, count));

        Assert.Equal(201, (await node.AskAsync("PUT", "/key/" + longest, body: "v")).Status);
        Assert.Equal("v", (await node.AskAsync("GET", "/key/" + longest)).Text);
        foreach (string method in (string[])["GET", "POST", "PUT", "DELETE"])
            Problem.Is(await node.AskAsync(method, "/key/" + longest + unit), 414, "key-too-long");
    }

    [Fact]
    public async Task A_request_line_beyond_its_bound_is_refused_by_the_http_layer_without_a_body()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("GET", "/key/" + new string('k', 17 * 1024));
        Assert.Equal(414, answer.Status);
        Assert.Empty(answer.Body);
    }

    [Fact]
    public async Task The_absolute_form_reaches_the_same_key()
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", "/key/a%2Fb", body: "v");

        Assert.Equal("v", (await node.AskAsync("GET", "http://localhost/key/a%2Fb")).Text);
        Assert.Equal("v", (await node.AskAsync("GET", "http://localhost:81/key/a%2Fb?level=stale")).Text);
        Assert.StartsWith("gache", (await node.AskAsync("GET", "http://localhost")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/KEY/a")]
    [InlineData("/")]
    [InlineData("//key/a")]
    [InlineData("/keys")]
    [InlineData("/../key/a")]
    [InlineData("/x/../key/a")]
    [InlineData("/%6bey/a")]
    public async Task Only_the_exact_prefix_is_a_key(string target)
    {
        await using TestNode node = await TestNode.StartAsync();
        await node.AskAsync("POST", target, body: "v");
        Assert.Equal(0, node.Shard.Writes);
    }
}
