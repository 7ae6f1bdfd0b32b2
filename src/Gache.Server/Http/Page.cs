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
        context.Response.Headers.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return context.Request.Method == HttpMethods.Head ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }
}
