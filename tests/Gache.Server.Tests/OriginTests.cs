using Xunit;

namespace Gache.Server.Tests;

/// <summary>http-api, Errors: <c>cross-origin</c>.</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData("Origin: http://evil.test\r\n")]
    [InlineData("Origin: null\r\n")]
    [InlineData("Origin: http://localhost:3000\r\n")]
    [InlineData("Origin: http://localhost.evil.test\r\n")]
    [InlineData("Sec-Fetch-Site: cross-site\r\n")]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n")]
    public async Task A_page_of_another_origin_is_refused_everywhere(string headers)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach ((string method, string target) in ((string, string)[])[("POST", "/key/a"), ("GET", "/key/a"), ("GET", "/join?addr=1.2.3.4:7"), ("GET", "/cluster")])
        {
            RawAnswer answer = await node.AskAsync(method, target, headers);
            Problem.Is(answer, 403, "cross-origin");
            Assert.Null(answer["Access-Control-Allow-Origin"]);
        }

        Assert.Equal(0, node.Shard.Writes);
        Assert.Empty(node.Shard.Joins);
    }

    [Theory]
    [InlineData("Origin: http://localhost\r\n")]
    [InlineData("Sec-Fetch-Site: same-origin\r\n")]
    [InlineData("Sec-Fetch-Site: none\r\n")]
    [InlineData("")]
    public async Task A_page_of_this_origin_and_a_program_are_let_in(string headers)
    {
        await using TestNode node = await TestNode.StartAsync();
        Assert.Equal(200, (await node.AskAsync("POST", "/key/a", headers, "v")).Status);
    }

    /// <summary>The original program joins by GET, which a page's picture or script can ask for as well, without an Origin.</summary>
    [Theory]
    [InlineData("Sec-Fetch-Site: same-site\r\n", true)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nReferer: http://localhost/\r\n", true)]
    [InlineData("Referer: http://evil.test/page\r\n", true)]
    [InlineData("Referer: http://localhost.evil.test/\r\n", true)]
    [InlineData("Referer: http://localhost:3000/\r\n", true)]
    [InlineData("Referer: nonsense\r\n", true)]
    [InlineData("Accept: image/avif,image/webp,*/*\r\nAccept-Language: en\r\n", true)] // beyond loopback, and told to send no Referer
    [InlineData("", false)]
    [InlineData("User-Agent: curl/8.0\r\nAccept: */*\r\n", false)]
    [InlineData("User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n", false)] // the original
    [InlineData("Referer: http://localhost/cluster\r\nAccept-Language: en\r\n", false)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nAccept-Language: en\r\n", false)]
    [InlineData("Sec-Fetch-Site: none\r\nAccept-Language: en\r\n", false)] // typed by a person
    public async Task A_join_by_get_is_refused_to_pages_from_elsewhere_and_not_to_programs(string headers, bool isRefused)
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("GET", "/join?addr=127.0.0.1:7002", headers);
        if (isRefused) Problem.Is(answer, 403, "cross-origin");
        else Assert.Equal(202, answer.Status);
        Assert.Equal(isRefused ? 0 : 1, node.Shard.Joins.Count);
        if (isRefused) Assert.True(answer.Text.Contains("POST", StringComparison.Ordinal) || answer.Text.Contains("--allow-origin", StringComparison.Ordinal));
        Assert.NotEqual(403, (await node.AskAsync("GET", "/cluster", "Referer: http://evil.test/page\r\nAccept-Language: en\r\n")).Status); // a link to it is good
    }

    [Theory]
    [InlineData("evil.test", 403)]
    [InlineData("evil.test:8000", 403)]
    [InlineData("localhost.evil.test", 403)]
    [InlineData("127.0.0.1.evil.test", 403)]
    [InlineData("10.0.0.1", 403)]
    [InlineData("localhost", 404)]
    [InlineData("LOCALHOST:1", 404)]
    [InlineData("a.localhost:8000", 404)]
    [InlineData("127.0.0.1:8000", 404)]
    [InlineData("127.9.9.9", 404)]
    [InlineData("[::1]:8000", 404)]
    [InlineData("node1.test:8001", 404)] // what others are told
    [InlineData("Good.Test:77", 404)] // --allowed-hosts
    public async Task Over_loopback_the_host_must_be_a_loopback_name(string host, int status)
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { AllowedHosts = ["good.test"] });
        using RawConnection connection = await node.ConnectAsync();
        for (int n = 0; n < 2; n++) // the second time from memory
        {
            await connection.SendAsync($"GET /key/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.Equal(status, (await connection.ReadAsync()).Status);
        }
    }

    [Fact]
    public async Task The_absolute_forms_host_counts()
    {
        await using TestNode node = await TestNode.StartAsync();
        Problem.Is(await node.AskAsync("GET", "http://evil.test/key/a"), 403, "cross-origin");
    }

    [Fact]
    public async Task An_origin_that_is_allowed_gets_cors_headers_and_its_preflight()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { AllowedOrigins = ["http://app.test:3000"] });

        RawAnswer set = await node.AskAsync("POST", "/key/a", "Origin: http://app.test:3000\r\nSec-Fetch-Site: cross-site\r\n", "v");
        Assert.Equal((200, "http://app.test:3000"), (set.Status, set["Access-Control-Allow-Origin"]));
        Assert.Equal("Origin", set["Vary"]);
        Assert.Contains("ETag", set["Access-Control-Expose-Headers"], StringComparison.Ordinal);

        RawAnswer preflight = await node.AskAsync("OPTIONS", "/key/a", "Origin: http://app.test:3000\r\nAccess-Control-Request-Method: PUT\r\n");
        Assert.Equal(204, preflight.Status);
        Assert.Contains("PUT", preflight["Access-Control-Allow-Methods"], StringComparison.Ordinal);

        Problem.Is(await node.AskAsync("POST", "/key/a", "Origin: http://other.test\r\n", "v"), 403, "cross-origin");
        Problem.Is(await node.AskAsync("OPTIONS", "/key/a", "Origin: http://other.test\r\nAccess-Control-Request-Method: PUT\r\n"), 403, "cross-origin");
    }

    [Fact]
    public async Task A_star_lets_every_origin_in()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { AllowedOrigins = ["*"] });
        Assert.Equal(200, (await node.AskAsync("POST", "/key/a", "Origin: http://any.test\r\n", "v")).Status);
    }
}
