using System.Text.Json;
using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>Why an operator's request was not carried out, here or at another node.</summary>
/// <param name="Problem">Which problem.</param>
/// <param name="Detail">What happened, and what to do.</param>
/// <param name="RetryAfter">When to try again, where that is known.</param>
internal sealed record Declined(Problem Problem, string Detail, TimeSpan? RetryAfter = null)
{
    /// <summary>What a replica refused.</summary>
    public static Declined Of(Refusal refusal) => new(RefusalAnswer.ProblemOf(refusal.Code), refusal.Detail, refusal.RetryAfter);

    /// <summary>What a leader refused about members or leadership; null if it carried it out.</summary>
    public static Declined? Of(MemberAnswer answer) => answer.Refusal is { } refusal ? Of(refusal) : answer.Verdict switch
    {
        MemberRefusal.None => null,
        MemberRefusal.UnknownNode => new Declined(ProblemTable.NodeUnknown, answer.Detail),
        MemberRefusal.LastVoter => new Declined(ProblemTable.LastVoter, answer.Detail),
        MemberRefusal.NoVoter => new Declined(ProblemTable.NoVoter, answer.Detail),
        _ => new Declined(ProblemTable.ChangeUnderWay, answer.Detail),
    };

    /// <summary>Answers a client with it.</summary>
    public Task SendAsync(HttpContext context) => ProblemAnswer.SendAsync(context, Problem, Detail, RetryAfter);

    /// <summary>Reads the problem that another node answered with.</summary>
    /// <param name="status">Its HTTP status, for an answer that is none.</param>
    /// <param name="body">Its body.</param>
    public static Declined Read(int status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            string? code = json.RootElement.GetProperty("code").GetString();
            if (ProblemTable.All.FirstOrDefault(problem => problem.Code == code) is { } known) return new Declined(known, json.RootElement.GetProperty("detail").GetString() ?? "");
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // A node of another version: what its status says is all there is.
        }

        return new Declined(status < 500 ? ProblemTable.BodyMalformed : ProblemTable.PartlyDone, $"another node answered with status {status}");
    }
}
