using System.Text;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Health;

/// <summary><c>/livez</c> and <c>/readyz</c>: one line a reason, for people and probes alike.</summary>
internal static class HealthPages
{
    private static readonly byte[] Alive = "ok\n"u8.ToArray();

    /// <summary>200 while the process can do its work; a node that must end by itself ends and does not say so here.</summary>
    public static Task AnswerLiveAsync(HttpContext context) =>
        Page.RefuseUnlessRead(context) ?? Page.SendAsync(context, Headers.PlainText, Alive);

    /// <summary>200 if the node should get traffic; else 503 with the reasons.</summary>
    public static Task AnswerReadyAsync(HttpContext context, Dispatcher node, ReadOnlySpan<char> query)
    {
        if (Page.RefuseUnlessRead(context) is { } refused) return refused;

        if (query is not ("" or "scope=cluster" or "scope=node"))
            return ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, "/readyz takes scope=node or scope=cluster");

        Readiness readiness = node.JudgeReadiness(isOfCluster: query is "scope=cluster");
        string text = string.Concat(readiness.Lines.Select(line => $"{line}\n"));
        if (!readiness.IsReady) context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Page.SendAsync(context, Headers.PlainText, Encoding.UTF8.GetBytes(text));
    }
}
