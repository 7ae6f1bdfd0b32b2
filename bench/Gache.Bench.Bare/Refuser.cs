using Microsoft.Extensions.Primitives;

namespace Gache.Bench.Bare;

/// <summary>The yardstick of overload: refuses everything at once, so what a caller waits for it is what the machine and HTTP take.</summary>
internal static class Refuser
{
    private static readonly StringValues RetryAfter = "1";

    // As long as the server's own, so that callers have the same to read.
    private static readonly byte[] Body =
        """{"type":"about:blank","title":"A bounded queue is full","status":429,"code":"overloaded","outcome":"not-applied","retryable":true,"detail":"too many requests wait here; send fewer at once"}"""u8.ToArray();

    /// <summary>Answers until it is ended.</summary>
    /// <param name="args">Those of the host, as in <c>--urls http://127.0.0.1:8001</c>.</param>
    public static int Run(string[] args)
    {
        InlineHost.Prepare();
        return InlineHost.Run(args, context =>
        {
            HttpResponse response = context.Response;
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            response.Headers.RetryAfter = RetryAfter;
            response.ContentType = "application/problem+json";
            response.ContentLength = Body.Length;
            return response.Body.WriteAsync(Body).AsTask();
        });
    }
}
