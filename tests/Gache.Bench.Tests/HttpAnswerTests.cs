using System.Globalization;
using System.Text;
using CsCheck;
using Gache.Bench.Keys;
using Gache.Bench.Wire;
using Xunit;

namespace Gache.Bench.Tests;

/// <summary>Answers are read in pieces cut anywhere, and what is no answer is said to be none.</summary>
public sealed class HttpAnswerTests
{
    private static readonly KeySpace Keys = new("127.0.0.1:8000", "", valueBytes: 300);

    private static string Value(int key)
    {
        byte[] value = new byte[300];
        Keys.WriteValue(value, key);
        return Encoding.ASCII.GetString(value);
    }

    [Theory]
    [InlineData("Retry-After: 2\r\nGache-Retry-After-Ms: 1200\r\n", 1_200)]
    [InlineData("Gache-Retry-After-Ms: 1200\r\nRetry-After: 2\r\n", 1_200)]
    [InlineData("retry-after: 2\r\n", 2_000)]
    [InlineData("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", null)]
    [InlineData("", null)]
    public void An_answer_says_when_to_try_again(string fields, int? milliseconds)
    {
        KeyAnswer answer = Read($"HTTP/1.1 429 Too Many Requests\r\n{fields}Content-Length: 0\r\n\r\n", isRead: false);
        Assert.Equal((Verdict.Refused, milliseconds), (answer.Verdict, (int?)answer.RetryAfter?.TotalMilliseconds));
    }

    private static KeyAnswer Read(string bytes, bool isRead = true, bool isKnown = true, params int[] cuts)
    {
        var answer = new KeyAnswer(Keys, Verification.Content);
        answer.Begin(new Ask(isRead, 7, isKnown));
        byte[] all = Encoding.Latin1.GetBytes(bytes);
        int at = 0;
        bool isWhole = false;
        foreach (int cut in cuts.Append(all.Length).Order())
        {
            if (cut <= at) continue;
            Assert.False(isWhole, $"whole after {at} of {all.Length} bytes");
            isWhole = answer.Take(all.AsSpan(at, cut - at));
            at = cut;
        }

        Assert.True(isWhole);
        return answer;
    }

    private static string Plain(string value) => string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nDate: x\r\nETag: \"3\"\r\ncontent-length: {value.Length}\r\n\r\n{value}");

    private static string Chunked(string value, int size)
    {
        var text = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int at = 0; at < value.Length; at += size)
        {
            string chunk = value.Substring(at, Math.Min(size, value.Length - at));
            text.Append(CultureInfo.InvariantCulture, $"{chunk.Length:x};ext=1\r\n{chunk}\r\n");
        }

        return text.Append("0\r\nTrailer: x\r\n\r\n").ToString();
    }

    [Fact]
    public void An_answer_cut_into_any_pieces_is_the_same_answer() =>
        Gen.Int[0, 800].Array[0, 12].Select(Gen.Int[1, 310]).Sample((cuts, size) =>
        {
            foreach (string bytes in new[] { Plain(Value(7)), Chunked(Value(7), size), $"HTTP/1.1 100 Continue\r\n\r\n{Plain(Value(7))}" })
                Assert.Equal(Verdict.Right, Read(bytes, cuts: [.. cuts.Where(cut => cut < bytes.Length)]).Verdict);
        });

    [Fact]
    public void Each_byte_alone_is_the_same_answer()
    {
        foreach (string bytes in new[] { Plain(Value(7)), Chunked(Value(7), 100) })
            Assert.Equal(Verdict.Right, Read(bytes, cuts: [.. Enumerable.Range(1, bytes.Length - 1)]).Verdict);
    }

    [Fact]
    public void One_byte_that_differs_one_too_few_and_one_too_many_are_wrong()
    {
        string value = Value(7);
        for (int at = 0; at < value.Length; at += 13)
            Assert.Equal(Verdict.Wrong, Read(Plain(value.Remove(at, 1).Insert(at, "!"))).Verdict);
        Assert.Equal(Verdict.Wrong, Read(Plain(value[..^1])).Verdict);
        Assert.Equal(Verdict.Wrong, Read(Plain(value + value[0])).Verdict);
        Assert.Equal(Verdict.Wrong, Read(Plain(Value(8))).Verdict); // another key's
        Assert.Equal(Verdict.Right, Read(Plain(value)).Verdict);
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true, true, "Wrong")] // it had been set
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true, false, "Missing")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx", true, false, "Right")] // somebody else's
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, true, "Right")]
    [InlineData("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", false, true, "Right")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", false, true, "Wrong")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", false, true, "Wrong")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}", false, true, "Refused")]
    [InlineData("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 2\r\n\r\n{}", false, true, "Refused")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}", false, true, "Wrong")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", true, true, "Wrong")]
    [InlineData("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://10.0.0.1:8002/key/7\r\nContent-Length: 0\r\n\r\n", true, true, "Redirected")]
    [InlineData("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n\r\n", true, true, "Wrong")] // to nowhere
    public void What_an_answer_is_follows_from_the_contract(string bytes, bool isRead, bool isKnown, string verdict) =>
        Assert.Equal(verdict, Read(bytes, isRead, isKnown).Verdict.ToString());

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")] // no length
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno field\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab")] // more than its end
    public void What_is_no_answer_is_wrong_and_ends_the_connection(string bytes)
    {
        KeyAnswer answer = Read(bytes, isKnown: false);

        Assert.Equal(Verdict.Wrong, answer.Verdict);
        Assert.NotNull(answer.Fault);
        Assert.True(answer.IsLast);
    }

    [Fact]
    public void A_head_without_end_is_given_up()
    {
        var answer = new KeyAnswer(Keys, Verification.Content);
        answer.Begin(new Ask(true, 7, true));
        int bytes = 0;
        while (!answer.Take("HTTP/1.1 200 OK and so on "u8)) bytes += 26;

        Assert.InRange(bytes, HttpAnswer.MaxHeadBytes - 52, HttpAnswer.MaxHeadBytes);
        Assert.NotNull(answer.Fault);
    }

    [Fact]
    public void A_connection_that_the_server_closes_takes_no_other_request()
    {
        Assert.True(Read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", isRead: false).IsLast);
        Assert.False(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", isRead: false).IsLast);
    }

    [Fact]
    public void With_less_verification_less_is_wrong()
    {
        foreach ((Verification verification, string body, Verdict verdict) in new[]
        {
            (Verification.Status, "x", Verdict.Right), (Verification.Length, "x", Verdict.Wrong),
            (Verification.Length, new string('x', 300), Verdict.Right), (Verification.Content, new string('x', 300), Verdict.Wrong),
        })
        {
            var answer = new KeyAnswer(Keys, verification);
            answer.Begin(new Ask(true, 7, true));
            Assert.True(answer.Take(Encoding.ASCII.GetBytes(Plain(body))));
            Assert.Equal(verdict, answer.Verdict);
        }
    }
}
