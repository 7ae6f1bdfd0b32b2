using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Gache.Server.Tests.Contract;

/// <summary>The document that a node serves, to hold its answers against.</summary>
internal sealed class ServedDocument
{
    private readonly JsonElement root;

    private ServedDocument(JsonElement root) => this.root = root;

    /// <summary>All operations, as path and method.</summary>
    public IEnumerable<(string Path, string Method, JsonElement Operation)> Operations =>
        from path in root.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        select (path.Name, method.Name.ToUpperInvariant(), method.Value);

    public JsonElement Root => root;

    public static async Task<ServedDocument> ReadAsync(TestNode node)
    {
        RawAnswer answer = await node.AskAsync("GET", "/openapi.json");
        Assert.Equal((200, "application/json"), (answer.Status, answer["Content-Type"]));
        return new ServedDocument(JsonDocument.Parse(answer.Body).RootElement);
    }

    /// <summary>The codes that an operation may answer with at a status.</summary>
    public static string[] CodesOf(JsonElement operation, int status)
    {
        JsonElement responses = operation.GetProperty("responses");
        if (!responses.TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out JsonElement response)) return [];
        if (!response.TryGetProperty("content", out JsonElement content) || !content.TryGetProperty("application/problem+json", out JsonElement problem)) return [];
        JsonElement schema = problem.GetProperty("schema").GetProperty("allOf")[1];
        return [.. schema.GetProperty("properties").GetProperty("code").GetProperty("enum").EnumerateArray().Select(code => code.GetString()!)];
    }

    /// <summary>Holds that the operation may answer so.</summary>
    public void Allows(string path, string method, RawAnswer answer)
    {
        JsonElement operation = Operations.Single(one => one.Path == path && one.Method == method).Operation;
        Assert.True(operation.GetProperty("responses").TryGetProperty(answer.Status.ToString(CultureInfo.InvariantCulture), out JsonElement response), $"{method} {path} does not say that it answers {answer.Status}: {answer.Text}");
        if (answer["Content-Type"] == "application/problem+json" && method != "HEAD")
        {
            string code = JsonDocument.Parse(answer.Body).RootElement.GetProperty("code").GetString()!;
            Assert.True(CodesOf(operation, answer.Status).Contains(code), $"{method} {path} does not say that it answers {answer.Status} {code}");
            return;
        }

        if (answer.Body.Length > 0)
        {
            string type = answer["Content-Type"]!;
            Assert.Contains(response.GetProperty("content").EnumerateObject().Select(content => content.Name), named => type.StartsWith(named.Split(';')[0], StringComparison.Ordinal));
        }

        if (answer.Status >= 400 || !response.TryGetProperty("headers", out JsonElement headers)) return;
        foreach (JsonProperty header in headers.EnumerateObject())
            Assert.True(header.Name == "Gache-Expires-In" || answer[header.Name] is not null, $"{method} {path} answers {answer.Status} without {header.Name}");
    }
}
