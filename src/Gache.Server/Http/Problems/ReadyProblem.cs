using System.IO.Pipelines;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Problems;

/// <summary>A problem whose answer is always the same and is made once: refusing must cost least when most is refused.</summary>
internal sealed class ReadyProblem
{
    private static readonly StringValues ContentType = ProblemAnswer.ContentType;

    private readonly int status;
    private readonly StringValues retryAfter;
    private readonly StringValues retryAfterMs;
    private readonly byte[] body;

    /// <summary>Makes the answer.</summary>
    /// <param name="problem">The kind.</param>
    /// <param name="detail">What happened and what to do.</param>
    /// <param name="after">When to try again.</param>
    public ReadyProblem(Problem problem, string detail, TimeSpan after)
    {
        status = problem.Status;
        (retryAfter, retryAfterMs) = ProblemAnswer.Written(after);
        body = ProblemAnswer.Write(problem, detail, cursor: null).WrittenSpan.ToArray();
    }

    /// <summary>Answers with it.</summary>
    public Task SendAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        IHeaderDictionary headers = response.Headers;
        response.StatusCode = status;
        headers.ContentType = ContentType;
        headers.RetryAfter = retryAfter;
        headers[Headers.RetryAfterMs] = retryAfterMs;
        response.ContentLength = body.Length;
        if (context.Request.Method == HttpMethods.Head) return Task.CompletedTask;
        ValueTask<FlushResult> flush = response.BodyWriter.WriteAsync(body);
        if (!flush.IsCompletedSuccessfully) return flush.AsTask();
        _ = flush.Result;
        return Task.CompletedTask;
    }
}
