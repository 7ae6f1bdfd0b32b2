using Gache.Server.Http.Problems;

namespace Gache.Server.Http;

/// <summary>Answers of pages that are only read, and small bodies.</summary>
internal static class Page
{
    /// <summary>Null for GET and HEAD; else the refusal, under way.</summary>
    public static Task? RefuseUnlessRead(HttpContext context)
    {
        if (context.Request.Method == HttpMethods.Get || context.Request.Method == HttpMethods.Head) return null;
        context.Response.Headers.Allow = "GET, HEAD";
        return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, "this page is only read: GET, HEAD");
    }

    /// <summary>Sends a whole body, or for HEAD only its length.</summary>
    public static Task SendAsync(HttpContext context, Microsoft.Extensions.Primitives.StringValues contentType, ReadOnlyMemory<byte> body)
    {
        return HasBody(context, contentType, body.Length) ? context.Response.Body.WriteAsync(body).AsTask() : Task.CompletedTask;
    }

    /// <summary>Says what the body is; false for HEAD, where that is all.</summary>
    public static bool HasBody(HttpContext context, Microsoft.Extensions.Primitives.StringValues contentType, int length)
    {
        context.Response.Headers.ContentType = contentType;
        context.Response.ContentLength = length;
        return context.Request.Method != HttpMethods.Head;
    }
}
