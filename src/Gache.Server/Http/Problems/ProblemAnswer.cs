using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gache.Server.Http.Keys;

namespace Gache.Server.Http.Problems;

/// <summary>Writes a problem as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class ProblemAnswer
{
    /// <summary>The media type of a problem.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>When to try again, where nobody said.</summary>
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Answers with <paramref name="problem"/>; <paramref name="detail"/> says what happened and what to do.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">The kind.</param>
    /// <param name="detail">The words.</param>
    /// <param name="retryAfter">When to try again, where that is known.</param>
    /// <param name="cursor">Where a scan can go on.</param>
    public static Task SendAsync(HttpContext context, Problem problem, string detail, TimeSpan? retryAfter = null, string? cursor = null)
    {
        HttpResponse response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = ContentType;
        if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            SetRetryAfter(response.Headers, retryAfter ?? DefaultRetryAfter);

        ArrayBufferWriter<byte> body = Write(problem, detail, cursor);
        response.ContentLength = body.WrittenCount;
        return context.Request.Method == HttpMethods.Head ? Task.CompletedTask : response.Body.WriteAsync(body.WrittenMemory).AsTask();
    }

    /// <summary>Answers that nobody knows whether the request was or will be carried out; whether a repeat can harm depends on what it asks.</summary>
    public static Task SendUnknownAsync(HttpContext context, Problem problem, string detail) =>
        SendAsync(context, problem with { IsRetryable = ConditionHeaders.KeepFromRepeating(context.Request.Headers) }, detail);

    /// <summary>Writes a problem as a JSON object, also where it stands within another answer.</summary>
    public static void Write(Utf8JsonWriter json, Problem problem, string detail, string? cursor = null)
    {
        json.WriteStartObject();
        json.WriteString("type", problem.Type);
        json.WriteString("title", problem.Title);
        json.WriteNumber("status", problem.Status);
        json.WriteString("detail", detail);
        json.WriteString("code", problem.Code);
        json.WriteString("outcome", problem.Outcome);
        json.WriteBoolean("retryable", problem.IsRetryable);
        if (cursor is not null) json.WriteString("cursor", cursor);
        json.WriteEndObject();
    }

    /// <summary>How a time until the next try is written: in whole seconds, never too early, and in milliseconds.</summary>
    internal static (string Seconds, string Milliseconds) Written(TimeSpan after)
    {
        long milliseconds = Math.Max(0, (long)after.TotalMilliseconds);
        return (((milliseconds + 999) / 1000).ToString(CultureInfo.InvariantCulture), milliseconds.ToString(CultureInfo.InvariantCulture));
    }

    private static void SetRetryAfter(IHeaderDictionary headers, TimeSpan after) => (headers.RetryAfter, headers[Headers.RetryAfterMs]) = Written(after);

    /// <summary>The whole body.</summary>
    internal static ArrayBufferWriter<byte> Write(Problem problem, string detail, string? cursor)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, JsonText.Options)) Write(json, problem, detail, cursor);

        body.Write("\n"u8); // a terminal's prompt begins on its own line
        return body;
    }
}
