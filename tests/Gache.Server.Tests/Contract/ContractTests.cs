using System.Text.RegularExpressions;
using Gache.Replication;
using Gache.Server.Http.Docs;
using Gache.Server.Http.Problems;
using Xunit;

namespace Gache.Server.Tests.Contract;

/// <summary>The document that is served says what the server does: every path, method, status and code, asked over a raw socket.</summary>
public sealed partial class ContractTests
{
    private const string Key = "/key/{key}";
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"];

    /// <summary>Method, target, headers, body, and what stands in the document; then status, and code if it is a problem.</summary>
    public static TheoryData<string, string, string, string, string, int, string> Requests => new()
    {
        { "GET", "/key/there", "", "", Key, 200, "" },
        { "GET", "/key/timed", "", "", Key, 200, "" },
        { "GET", "/key/there?level=stale", "", "", Key, 200, "" },
        { "GET", "/key/there", "If-None-Match: *\r\n", "", Key, 304, "" },
        { "HEAD", "/key/there", "", "", Key, 200, "" },
        { "HEAD", "/key/there", "If-None-Match: *\r\n", "", Key, 304, "" },
        { "HEAD", "/key/missing", "", "", Key, 404, "" },
        { "GET", "/key/missing", "", "", Key, 404, "key-not-found" },
        { "GET", "/key/there", "If-Match: 999999\r\n", "", Key, 412, "precondition-failed" },
        { "GET", "/key/there", "If-Match: abc\r\n", "", Key, 400, "condition-malformed" },
        { "GET", "/key/", "", "", Key, 400, "key-empty" },
        { "GET", "/key/%2", "", "", Key, 400, "key-malformed" },
        { "GET", "/key/a/../b", "", "", Key, 400, "key-malformed" },
        { "GET", "/key/a?x=1", "", "", Key, 400, "parameter-unknown" },
        { "GET", "/key/a?level=stale&level=stale", "", "", Key, 400, "parameter-unknown" },
        { "GET", "/key/a?level=st+ale", "", "", Key, 400, "parameter-ambiguous" },
        { "GET", "/key/a?level=fresh", "", "", Key, 400, "parameter-malformed" },
        { "GET", "/key/a?level=%ff%fe", "", "", Key, 400, "parameter-malformed" },
        { "GET", "/key/a?%00=%01", "", "", Key, 400, "parameter-unknown" },
        { "GET", "/key/a", "Origin: http://evil.test\r\n", "", Key, 403, "cross-origin" },
        { "POST", "/key/new", "", "v", Key, 200, "" },
        { "POST", "/key/count?add=2", "", "", Key, 200, "" },
        { "POST", "/key/there?touch=30s", "", "", Key, 200, "" },
        { "POST", "/key/missing?touch=30s", "", "", Key, 404, "key-not-found" },
        { "POST", "/key/there?add=1", "", "", Key, 409, "not-a-number" },
        { "POST", "/key/count?add=1&max=0", "", "", Key, 409, "out-of-range" },
        { "POST", "/key/count?add=1", "", "body", Key, 400, "body-malformed" },
        { "POST", "/key/a?ttl=soon", "", "v", Key, 400, "ttl-malformed" },
        { "POST", "/key/a", "Idempotency-Key: \r\n", "v", Key, 400, "idempotency-key-malformed" },
        { "POST", "/key/kept", "Idempotency-Key: k1\r\n", "another", Key, 422, "idempotency-key-reused" },
        { "POST", "/key/a", "If-Match: \"\r\n", "v", Key, 400, "condition-malformed" },
        { "POST", "/key/a", "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n", "v", Key, 200, "" },
        { "GET", "/key/there?level=stale&min-revision=1", "", "", Key, 200, "" },
        { "GET", "/key/there?min-revision=1", "", "", Key, 400, "parameter-malformed" },
        { "GET", "/key/there?wait=10ms", "If-None-Match: 999999\r\n", "", Key, 200, "" },
        { "HEAD", "/key/there?wait=10ms", "If-None-Match: *\r\n", "", Key, 304, "" },
        { "PUT", "/key/there?wait=10ms", "If-None-Match: *\r\n", "v", Key, 412, "precondition-failed" },
        { "DELETE", "/key/there?wait=10m", "If-Match: *\r\n", "", Key, 400, "parameter-malformed" },
        { "PUT", "/key/fresh", "", "v", Key, 201, "" },
        { "PUT", "/key/there", "", "v", Key, 200, "" },
        { "PUT", "/key/there", "If-None-Match: *\r\n", "v", Key, 412, "precondition-failed" },
        { "PUT", "/key/a?add=1", "", "v", Key, 400, "parameter-unknown" },
        { "DELETE", "/key/there", "", "", Key, 204, "" },
        { "DELETE", "/key/missing", "If-Match: *\r\n", "", Key, 412, "precondition-failed" },
        { "DELETE", "/key/a?ttl=3s", "", "", Key, 400, "parameter-unknown" },
        { "GET", "/keys?prefix=th&values=true", "", "", "/keys", 200, "" },
        { "HEAD", "/keys", "", "", "/keys", 200, "" },
        { "GET", "/keys?cursor=x", "", "", "/keys", 400, "parameter-malformed" },
        { "DELETE", "/keys?prefix=th", "", "", "/keys", 200, "" },
        { "DELETE", "/keys", "", "", "/keys", 400, "prefix-required" },
        { "POST", "/batch", "", "{\"op\":\"get\",\"key\":\"there\"}", "/batch", 200, "" },
        { "POST", "/batch", "", " ", "/batch", 400, "body-malformed" },
        { "POST", "/batch?x=1", "", "{}", "/batch", 400, "parameter-unknown" },
        { "POST", "/txn", "", "{\"then\":[{\"op\":\"get\",\"key\":\"there\"}]}", "/txn", 200, "" },
        { "POST", "/txn", "", "{\"then\":[{\"op\":\"add\",\"key\":\"there\",\"value\":1}]}", "/txn", 409, "not-a-number" },
        { "POST", "/txn", "", "{\"then\":[{\"op\":\"get\",\"key\":\"a\"},{\"op\":\"get\",\"key\":\"b\"}]}", "/txn", 400, "txn-cross-slot" },
        { "GET", "/", "", "", "/", 200, "" },
        { "GET", "/livez", "", "", "/livez", 200, "" },
        { "GET", "/readyz", "", "", "/readyz", 200, "" },
        { "GET", "/readyz?scope=cluster", "", "", "/readyz", 200, "" },
        { "GET", "/readyz?scope=world", "", "", "/readyz", 400, "parameter-unknown" },
        { "GET", "/metrics", "", "", "/metrics", 200, "" },
        { "GET", "/docs", "", "", "/docs", 200, "" },
        { "GET", "/docs/scalar.js", "Accept-Encoding: gzip\r\n", "", "/docs/scalar.js", 200, "" },
        { "HEAD", "/docs/scalar.js", "", "", "/docs/scalar.js", 200, "" },
        { "GET", "/openapi.json", "", "", "/openapi.json", 200, "" },
        { "GET", "/cluster", "", "", "/cluster", 200, "" },
        { "GET", "/cluster", "Host: evil.test\r\n", "", "/cluster", 403, "cross-origin" },
        { "GET", "/cluster/moves?x", "", "", "/cluster/moves", 400, "parameter-unknown" },
        { "POST", "/cluster/move", "", "{}", "/cluster/move", 400, "body-malformed" },
        { "POST", "/cluster/move?x=1", "", "{}", "/cluster/move", 400, "parameter-unknown" },
        { "DELETE", "/cluster/move", "", "not json", "/cluster/move", 400, "body-malformed" },
        { "POST", "/cluster/members", "", "{\"remove\":\"1\"}", "/cluster/members", 400, "body-malformed" },
        { "POST", "/cluster/members", "", "{\"add\":\"127.0.0.1:7004\"}", "/cluster/members", 202, "" },
        { "POST", "/cluster/transfer", "", "{}", "/cluster/transfer", 202, "" },
        { "POST", "/cluster/forget", "", "{\"node\":\"000000000000000000000000000000ff\"}", "/cluster/forget", 404, "node-unknown" },
        { "POST", "/join", "", "{\"addr\":\"127.0.0.1:7004\"}", "/join", 202, "" },
        { "POST", "/join", "", "{\"addr\":7}", "/join", 400, "body-malformed" },
        { "POST", "/join?addr=x", "", "", "/join", 400, "parameter-unknown" },
        { "GET", "/join?addr=127.0.0.1:7004", "", "", "/join", 202, "" },
        { "GET", "/join?addr=nowhere", "", "", "/join", 400, "parameter-malformed" },
        { "GET", "/join", "", "", "/join", 400, "parameter-unknown" },
        { "HEAD", "/join", "", "", "/join", 200, "" },
        { "GET", "/join/folder", "", "", "/join/folder", 200, "" },
        { "POST", "/join/folder", "", "[]", "/join/folder", 400, "body-malformed" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task An_answer_is_what_the_document_says(string method, string target, string headers, string body, string path, int status, string code)
    {
        await using TestNode node = await TestNode.StartAsync();
        node.Shard.LooksAtKeys = true;
        await node.AskAsync("POST", "/key/there", body: "value");
        await node.AskAsync("POST", "/key/timed?ttl=30s", body: "value");
        await node.AskAsync("POST", "/key/kept", "Idempotency-Key: k1\r\n", body: "value");
        ServedDocument document = await ServedDocument.ReadAsync(node);

        RawAnswer answer = await RawAsync(node, method, target, headers, body);

        Assert.True(status == answer.Status, $"{answer.Status}: {answer.Text}");
        if (code.Length > 0) Problem.Is(answer, status, code, isRetryable: ProblemTable.All.Single(problem => problem.Code == code).IsRetryable);
        document.Allows(path, method, answer);
    }

    [Fact]
    public async Task Whatever_the_replica_refuses_is_in_the_document_for_every_method()
    {
        await using TestNode node = await TestNode.StartAsync();
        ServedDocument document = await ServedDocument.ReadAsync(node);
        foreach (RefusalCode refusal in Enum.GetValues<RefusalCode>())
        {
            foreach (string method in (string[])["GET", "HEAD", "POST", "PUT", "DELETE"])
            {
                bool isOfWrites = refusal is RefusalCode.Timeout or RefusalCode.LeadershipLost or RefusalCode.Superseded or RefusalCode.IdempotencyFull or RefusalCode.Outdated;
                bool isOfPuts = refusal is RefusalCode.DiskFull or RefusalCode.MemoryFull;
                bool isOfReads = refusal is RefusalCode.RevisionNotReached;
                if ((isOfReads && method is not ("GET" or "HEAD")) || (isOfWrites && method is "GET" or "HEAD") || (isOfPuts && method is not ("POST" or "PUT"))) continue; // of these it is never said
                node.Shard.Refusal = new Refusal(refusal, "a reason");
                document.Allows(Key, method, await node.AskAsync(method, "/key/a"));
            }
        }

        node.Shard.Refusal = null;
        node.Shard.Status = MemoryShard.Leading() with { Role = ReplicaRole.Follower, LeaderApi = TestNode.LeaderElsewhere };
        foreach (string method in (string[])["POST", "PUT", "DELETE"]) document.Allows(Key, method, await node.AskAsync(method, "/key/a"));
    }

    [Fact]
    public async Task A_body_that_is_too_large_broken_or_streamed_to_the_wrong_node_is_in_the_document()
    {
        await using TestNode node = await TestNode.StartAsync(settings => settings with { MaxValueBytes = 10 });
        ServedDocument document = await ServedDocument.ReadAsync(node);
        foreach (string method in (string[])["POST", "PUT"])
        {
            using RawConnection large = await node.ConnectAsync();
            await large.SendAsync($"{method} /key/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n"); // refused before its body is sent
            RawAnswer tooLarge = await large.ReadAsync();
            Problem.Is(tooLarge, 413, "value-too-large");
            document.Allows(Key, method, tooLarge);

            using RawConnection broken = await node.ConnectAsync();
            await broken.SendAsync($"{method} /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");
            RawAnswer answer = await broken.ReadAsync();
            Problem.Is(answer, 400, "body-incomplete", isRetryable: true);
            document.Allows(Key, method, answer);
        }

        node.Shard.Status = MemoryShard.Leading() with { Role = ReplicaRole.Follower, LeaderApi = TestNode.LeaderElsewhere };
        using RawConnection streamed = await node.ConnectAsync();
        await streamed.SendAsync("PUT /key/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        RawAnswer refused = await streamed.ReadAsync();
        Problem.Is(refused, 411, "length-required");
        document.Allows(Key, "PUT", refused);
    }

    [Fact]
    public async Task A_method_that_the_document_does_not_have_is_405_and_names_those_that_it_has()
    {
        await using TestNode node = await TestNode.StartAsync();
        ServedDocument document = await ServedDocument.ReadAsync(node);
        foreach (IGrouping<string, (string Path, string Method, System.Text.Json.JsonElement)> path in document.Operations.GroupBy(operation => operation.Path))
        {
            string[] known = [.. path.Select(operation => operation.Method)];
            foreach (string method in Methods.Except(known))
            {
                RawAnswer answer = await node.AskAsync(method, path.Key.Replace("{key}", "a", StringComparison.Ordinal));
                Assert.True(answer.Status == 405, $"{method} {path.Key}: {answer.Status}");
                if (method != "HEAD") Problem.Is(answer, 405, "method-not-allowed");
                Assert.Equal(known.Order(), answer["Allow"]!.Split(", ").Order());
            }
        }
    }

    [Fact]
    public async Task Every_path_that_is_answered_is_in_the_document()
    {
        await using TestNode node = await TestNode.StartAsync();
        ServedDocument document = await ServedDocument.ReadAsync(node);
        string source = await File.ReadAllTextAsync(Repository.PathOf("src/Gache.Server/Http/Dispatcher.cs"), TestContext.Current.CancellationToken);
        string[] paths = [.. PathLiteral().Matches(source).Select(match => match.Groups[1].Value).Where(path => path is not ("/key" or "/key/")).Distinct()];
        Assert.Contains("/livez", paths);
        Assert.All(paths, path => Assert.True(document.Operations.Any(operation => operation.Path == path), $"{path} is answered and not in Http/Docs/Operations.cs: describe it there"));
    }

    [Fact]
    public async Task The_document_is_sound()
    {
        await using TestNode node = await TestNode.StartAsync();
        ServedDocument document = await ServedDocument.ReadAsync(node);
        Assert.StartsWith("3.1.", document.Root.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal("1.2.3", document.Root.GetProperty("info").GetProperty("version").GetString());

        string[] ids = [.. document.Operations.Select(operation => operation.Operation.GetProperty("operationId").GetString()!)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(ids, id => Assert.Matches("^[a-z]+[A-Za-z]+$", id));
        Assert.All(document.Operations, operation =>
        {
            string[] inPath = !operation.Operation.TryGetProperty("parameters", out var parameters) ? [] :
                [.. parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "path").Select(parameter => parameter.GetProperty("name").GetString()!)];
            Assert.Equal(PlaceHolder().Matches(operation.Path).Select(match => match.Groups[1].Value), inPath);
            Assert.NotEmpty(operation.Operation.GetProperty("responses").EnumerateObject());
        });
    }

    [Fact]
    public void Every_problem_belongs_to_an_operation_or_to_none_of_them()
    {
        Http.Problems.Problem[] told = [.. Operations.All.SelectMany(operation => operation.Problems), .. Operations.Everywhere, .. Operations.OfNoOperation];
        Assert.Equal(ProblemTable.All.Select(problem => problem.Code).Order(), told.Select(problem => problem.Code).Distinct().Order());
        Assert.All(Operations.All, operation => Assert.Equal(operation.Problems.Distinct(), operation.Problems));
    }

    [Fact]
    public async Task The_page_for_people_has_every_operation_and_code_and_asks_no_other_host()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer answer = await node.AskAsync("GET", "/docs");
        Assert.Equal("text/html; charset=utf-8", answer["Content-Type"]);
        Assert.StartsWith("default-src 'none'", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("//", answer["Content-Security-Policy"], StringComparison.Ordinal); // this host alone
        Assert.Equal([ScalarScript.Path], SourceOfScript().Matches(answer.Text).Select(match => match.Groups[1].Value));
        Assert.DoesNotContain("http://", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", answer.Text, StringComparison.Ordinal);
        Assert.All(Operations.All, operation => Assert.Contains($"<code>{operation.Path}</code>", answer.Text, StringComparison.Ordinal));
        Assert.All(ProblemTable.All, problem => Assert.Contains($"<code>{problem.Code}</code>", answer.Text, StringComparison.Ordinal));
        Assert.Contains("curl -L -d &#x27;some value&#x27; node1.test:8001/key/greeting", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>A policy that does not know the page's own script would leave it without; the whole script is there, for those who take it compressed and others.</summary>
    [Fact]
    public async Task The_script_of_the_page_for_people_comes_from_here_and_may_run()
    {
        await using TestNode node = await TestNode.StartAsync();
        RawAnswer page = await node.AskAsync("GET", "/docs");
        string inline = OwnScript().Match(page.Text).Groups[1].Value;
        string hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(inline)));
        Assert.Contains($"script-src 'self' 'sha256-{hash}';", page["Content-Security-Policy"], StringComparison.Ordinal);

        Assert.Matches("^if\\(window\\.Scalar\\){.*hidden=true;.*}$", inline); // where the script does not arrive the page stays

        RawAnswer plain = await node.AskAsync("GET", ScalarScript.Path);
        Assert.Equal("no-store", plain["Cache-Control"]);
        Assert.Contains("createApiReference", plain.Text, StringComparison.Ordinal);
        RawAnswer compressed = await RawAsync(node, "GET", ScalarScript.Path, "Accept-Encoding: br, gzip\r\n", "");
        Assert.Equal("gzip", compressed["Content-Encoding"]);
        Assert.InRange(compressed.Body.Length, 1, plain.Body.Length / 2);
    }

    /// <summary>A request whose headers may have a Host of their own.</summary>
    private static async Task<RawAnswer> RawAsync(TestNode node, string method, string target, string headers, string body)
    {
        using RawConnection connection = await node.ConnectAsync();
        string host = headers.Contains("Host:", StringComparison.Ordinal) ? "" : "Host: localhost\r\n";
        string length = body.Length > 0 || method is "POST" or "PUT" ? $"Content-Length: {body.Length}\r\n" : "";
        await connection.SendAsync($"{method} {target} HTTP/1.1\r\n{host}{length}{headers}\r\n{body}");
        return await connection.ReadAsync(isHead: method == "HEAD");
    }

    [GeneratedRegex("<script src=([^>]*)>")]
    private static partial Regex SourceOfScript();

    [GeneratedRegex("<script>([^<]*)</script>")]
    private static partial Regex OwnScript();

    [GeneratedRegex("(?:case|or) \"(/[a-z./]*)\"")]
    private static partial Regex PathLiteral();

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex PlaceHolder();
}
