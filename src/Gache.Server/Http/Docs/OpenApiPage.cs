using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Docs;

/// <summary><c>/openapi.json</c>: <see cref="Operations"/> as OpenAPI 3.1. Made when somebody asks, and not kept.</summary>
internal sealed class OpenApiPage(ApiSettings settings)
{
    private const string ProblemType = "application/problem+json";
    private const string ProblemSchema = "#/components/schemas/Problem";

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context) => Page.RefuseUnlessRead(context) ?? Page.SendAsync(context, Headers.Json, Write());

    /// <summary>The whole document.</summary>
    public ReadOnlyMemory<byte> Write()
    {
        var body = new ArrayBufferWriter<byte>(128 * 1024);
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.1");
            json.WriteStartObject("info");
            json.WriteString("title", "gache");
            json.WriteString("version", settings.Version);
            json.WriteString("summary", "A replicated key-value database over plain HTTP");
            json.WriteString("description", "Errors are application/problem+json (RFC 9457) with code, outcome and retryable. not-applied is a promise: the request had no effect and will have none. "
                + "A path that is none of these is 404 path-unknown, another method 405 method-not-allowed with Allow. {key} stands for the whole rest of the target, slashes included.");
            json.WriteStartObject("license");
            json.WriteString("name", "Apache-2.0");
            json.WriteString("identifier", "Apache-2.0");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartArray("servers");
            json.WriteStartObject();
            json.WriteString("url", "http://" + settings.AdvertisedApi);
            json.WriteEndObject();
            json.WriteEndArray();
            WritePaths(json);
            WriteComponents(json);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        return body.WrittenMemory;
    }

    private static void WritePaths(Utf8JsonWriter json)
    {
        json.WriteStartObject("paths");
        foreach (IGrouping<string, Operation> path in Operations.All.GroupBy(operation => operation.Path))
        {
            json.WriteStartObject(path.Key);
            foreach (Operation operation in path) WriteOperation(json, operation);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, Operation operation)
    {
        json.WriteStartObject(operation.Method.ToLowerInvariant());
        json.WriteString("operationId", IdOf(operation));
        json.WriteString("summary", operation.Summary);
        if (operation.Words.Length > 0) json.WriteString("description", operation.Words);
        json.WriteStartArray("tags");
        json.WriteStringValue(operation.Group);
        json.WriteEndArray();
        if (operation.Parameters.Count > 0) WriteParameters(json, operation.Parameters);
        if (operation.Body is { } body)
        {
            json.WriteStartObject("requestBody");
            json.WriteString("description", body.Words);
            json.WriteBoolean("required", body.IsRequired);
            WriteContent(json, body);
            json.WriteEndObject();
        }

        json.WriteStartObject("responses");
        foreach (int status in StatusesOf(operation)) WriteResponse(json, operation, status);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static IEnumerable<int> StatusesOf(Operation operation) => operation.Answers.Select(answer => answer.Status)
        .Concat(operation.Problems.Concat(Operations.Everywhere).Select(problem => problem.Status)).Distinct().Order();

    /// <summary>Unique, and a name in any language: <c>getKey</c>, <c>postClusterMove</c>.</summary>
    private static string IdOf(Operation operation) => string.Concat(
        operation.Method.ToLowerInvariant(),
        operation.Path == "/" ? "Help" : string.Concat(operation.Path.Split('/', '.').Where(part => part.Length > 0 && part[0] != '{').Select(part => char.ToUpperInvariant(part[0]) + part[1..])));

    private static void WriteParameters(Utf8JsonWriter json, IReadOnlyList<Parameter> parameters)
    {
        json.WriteStartArray("parameters");
        foreach (Parameter parameter in parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("in", parameter.Place.ToString().ToLowerInvariant());
            json.WriteBoolean("required", parameter.IsRequired);
            json.WriteString("description", parameter.Words);
            json.WriteStartObject("schema");
            json.WriteString("type", parameter.Type);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResponse(Utf8JsonWriter json, Operation operation, int status)
    {
        Answer? answer = operation.Answers.FirstOrDefault(answer => answer.Status == status);
        Problem[] problems = [.. operation.Problems.Concat(Operations.Everywhere).Where(problem => problem.Status == status)];
        json.WriteStartObject(status.ToString(CultureInfo.InvariantCulture));
        json.WriteString("description", string.Join("; ", ((string[])[answer?.Words ?? "", .. problems.Select(problem => $"{problem.Code}: {problem.Title}")]).Where(words => words.Length > 0)));
        WriteHeaders(json, answer, status, problems.Length > 0);
        if (answer?.Body is { } body && problems.Length == 0) WriteContent(json, body);
        else if (problems.Length > 0 && operation.Method != "HEAD") WriteProblems(json, answer?.Body, problems);
        json.WriteEndObject();
    }

    private static void WriteHeaders(Utf8JsonWriter json, Answer? answer, int status, bool isProblem)
    {
        IEnumerable<(string Name, string Words)> headers = answer?.Headers ?? [];
        if (isProblem && status is 429 or 503 && answer is null) headers = headers.Concat([("Retry-After", "whole seconds"), (Headers.RetryAfterMs, "milliseconds")]);
        if (!headers.Any()) return;
        json.WriteStartObject("headers");
        foreach ((string name, string words) in headers)
        {
            json.WriteStartObject(name);
            json.WriteString("description", words);
            json.WriteStartObject("schema");
            json.WriteString("type", "string");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteProblems(Utf8JsonWriter json, Content? beside, Problem[] problems)
    {
        json.WriteStartObject("content");
        if (beside is not null) WriteMedia(json, beside);
        json.WriteStartObject(ProblemType);
        json.WriteStartObject("schema");
        json.WriteStartArray("allOf");
        json.WriteStartObject();
        json.WriteString("$ref", ProblemSchema);
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteStartObject("properties");
        json.WriteStartObject("code");
        json.WriteStartArray("enum");
        foreach (Problem problem in problems) json.WriteStringValue(problem.Code);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, Content content)
    {
        json.WriteStartObject("content");
        WriteMedia(json, content);
        json.WriteEndObject();
    }

    private static void WriteMedia(Utf8JsonWriter json, Content content)
    {
        json.WriteStartObject(content.Type);
        json.WriteStartObject("schema");
        if (content.IsArray)
        {
            json.WriteString("type", "array");
            json.WriteStartObject("items");
        }

        if (content.Fields.Length > 0) WriteFields(json, content);
        else if (content.Type.StartsWith("text/", StringComparison.Ordinal)) json.WriteString("type", "string");
        if (content.IsArray) json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, Content content)
    {
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        foreach ((string name, string type, string words) in content.Fields)
        {
            json.WriteStartObject(name);
            json.WriteString("type", type);
            json.WriteString("description", words);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter json)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("schemas");
        json.WriteStartObject("Problem");
        json.WriteString("type", "object");
        json.WriteStartArray("required");
        foreach (string name in (string[])["type", "title", "status", "detail", "code", "outcome", "retryable"]) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartObject("properties");
        WriteProperty(json, "type", "string", "urn:gache:problem: and the code");
        WriteProperty(json, "title", "string", "in a few words, the same for every occurrence");
        WriteProperty(json, "status", "integer", "the HTTP status");
        WriteProperty(json, "detail", "string", "what happened, and what to do");
        WriteProperty(json, "code", "string", "the stable name", ProblemTable.All.Select(problem => problem.Code));
        WriteProperty(json, "outcome", "string", "whether this request had an effect", [Outcomes.NotApplied, Outcomes.Unknown]);
        WriteProperty(json, "retryable", "boolean", "whether the same request may succeed later and cannot harm");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, string type, string words, IEnumerable<string>? values = null)
    {
        json.WriteStartObject(name);
        json.WriteString("type", type);
        json.WriteString("description", words);
        if (values is not null)
        {
            json.WriteStartArray("enum");
            foreach (string value in values) json.WriteStringValue(value);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
