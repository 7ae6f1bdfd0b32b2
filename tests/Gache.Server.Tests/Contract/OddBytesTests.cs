using Xunit;

namespace Gache.Server.Tests.Contract;

/// <summary>Every byte, raw and escaped, where a client may put one: nothing is a 500, and what is answered is in the document.</summary>
public sealed class OddBytesTests
{
    private const string Key = "/key/{key}";

    public static TheoryData<string, string, string> Places => new()
    {
        { "GET", "/key/a@b", "" },
        { "GET", "/key/a?@", "" },
        { "GET", "/key/a?level=@", "" },
        { "GET", "/key/a?level=stale&@=1", "" },
        { "POST", "/key/a?ttl=@s", "" },
        { "POST", "/key/a?add=@", "" },
        { "GET", "/key/a", "If-None-Match: @\r\n" },
        { "POST", "/key/a", "If-Match: \"@\"\r\n" },
        { "DELETE", "/key/a", "If-None-Match: W/@\r\n" },
        { "PUT", "/key/a", "Idempotency-Key: a@\r\n" },
        { "PUT", "/key/a", "Content-Type: @\r\n" },
        { "GET", "/key/a", "X-Odd: @\r\n" },
        { "GET", "/key/a", "traceparent: @\r\n" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Any_byte_is_answered_as_the_document_says_or_by_the_http_layer(string method, string target, string headers)
    {
        await using TestNode node = await TestNode.StartAsync();
        ServedDocument document = await ServedDocument.ReadAsync(node);
        for (int value = 0; value < 256; value++)
        {
            foreach (string odd in (string[])[((char)value).ToString(), $"%{value:x2}", $"%{value:X2}%"])
            {
                using RawConnection connection = await node.ConnectAsync();
                string length = method is "POST" or "PUT" ? "Content-Length: 0\r\n" : "";
                await connection.SendAsync($"{method} {target.Replace("@", odd, StringComparison.Ordinal)} HTTP/1.1\r\nHost: localhost\r\n{length}{headers.Replace("@", odd, StringComparison.Ordinal)}\r\n");
                if (odd is "\r" or "\n")
                {
                    connection.CloseSending(); // an end of line in the wrong place may look like a request that is cut off
                    if (await connection.IsClosedAsync()) continue;
                }

                RawAnswer answer = await connection.ReadAsync();
                Assert.True(answer.Status < 500, $"byte {value} as '{odd}': {answer.Head}");
                bool isByHttpLayer = answer.Body.Length == 0 && answer.Status >= 400;
                if (!isByHttpLayer) document.Allows(Key, method, answer);
            }
        }

        Assert.Equal(200, (await node.AskAsync("GET", "/livez")).Status);
    }

    /// <summary>Two lengths, or a length and chunks: whoever stands before a node must not see other requests than the node does.</summary>
    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")]
    [InlineData("Transfer-Encoding: identity, chunked\r\nContent-Length: 4\r\n")]
    [InlineData("Content-Length: 4\r\nContent-Length: 44\r\n")]
    [InlineData("Content-Length: 4, 44\r\n")]
    [InlineData("Content-Length: 0x4\r\n")]
    [InlineData("Content-Length : 4\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n")]
    public async Task A_request_with_two_ends_smuggles_none_in(string headers)
    {
        await using TestNode node = await TestNode.StartAsync();
        using (RawConnection connection = await node.ConnectAsync())
        {
            await connection.SendAsync($"POST /key/a HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n0\r\n\r\nPOST /key/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
            connection.CloseSending();
            await connection.ReadToEndAsync();
        }

        // By chunks the body is empty, and what follows it would be a request of its own: only a node that did not take the length may carry it out.
        bool isCarriedOut = (await node.AskAsync("GET", "/key/smuggled")).Status == 200;
        Assert.False(isCarriedOut);
    }

    [Fact]
    public async Task Requests_that_are_refused_do_not_disturb_those_that_follow_them_on_the_connection()
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync(
            "GET /key/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
            + "GET /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" // a body that nobody asked for
            + "PUT /key/a?ttl=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
            + "FOO /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
            + "HEAD /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
            + "PUT /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n"
            + "GET /key/a HTTP/1.1\r\nHost: localhost\r\n\r\n");

        var statuses = new List<int>();
        for (int n = 0; n < 7; n++) statuses.Add((await connection.ReadAsync(isHead: n == 4)).Status);
        Assert.Equal([400, 404, 400, 405, 404, 201, 200], statuses);
        Assert.Equal(1, node.Shard.Writes);
    }

    [Theory]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n folded\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: localhost\r\n: empty\r\n\r\n")]
    [InlineData("GET /key/a HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n")]
    [InlineData("GET  /key/a HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /key/a b HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("get /key/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 405)] // methods are case-sensitive: another method
    [InlineData("GET /key/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 404)]
    public async Task What_is_nearly_http_is_refused(string request, int status = 400)
    {
        await using TestNode node = await TestNode.StartAsync();
        using RawConnection connection = await node.ConnectAsync();
        await connection.SendAsync(request);
        Assert.Equal(status, (await connection.ReadAsync()).Status);
        Assert.Equal(0, node.Shard.Writes);
    }

    [Theory]
    [InlineData(2 * 1024)]
    [InlineData(64 * 1024)]
    public async Task A_chunk_that_never_ends_its_size_or_its_trailers_is_bounded(int bytes)
    {
        await using TestNode node = await TestNode.StartAsync();
        foreach (string start in (string[])["", "1\r\nx\r\n0\r\n"]) // an extension without an end, or trailers without one
        {
            using RawConnection connection = await node.ConnectAsync();
            await connection.SendAsync($"PUT /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{start}");
            try
            {
                string filler = start.Length > 0 ? "T: 0123456789\r\n" : "1;ext=0123456789";
                for (int sent = 0; sent < bytes; sent += filler.Length) await connection.SendAsync(filler);
                connection.CloseSending();
            }
            catch (System.Net.Sockets.SocketException)
            {
                // it was cut off already
            }

            byte[] said = await connection.ReadToEndAsync();
            Assert.True(said.Length == 0 || System.Text.Encoding.ASCII.GetString(said).StartsWith("HTTP/1.1 4", StringComparison.Ordinal), System.Text.Encoding.ASCII.GetString(said));
        }

        Assert.Equal(0, node.Shard.Writes);
    }
}
