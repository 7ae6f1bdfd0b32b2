using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>Answers a write that was committed and, applied, changed nothing: a "no" that every replica agrees on.</summary>
internal static class DeclinedAnswer
{
    /// <summary>Answers with what apply found.</summary>
    public static Task SendAsync(HttpContext context, WriteAnswer answer) => answer.Status switch
    {
        ApplyStatus.ConditionFailed => ConditionFailedAsync(context, answer.Existed, answer.Revision),
        _ => ProblemAnswer.SendAsync(context, ProblemTable.Fault, $"apply answered {answer.Status}"),
    };

    /// <summary>412, with the revision that the key has.</summary>
    public static Task ConditionFailedAsync(HttpContext context, bool exists, ulong revision)
    {
        if (exists) EntityTags.Set(context.Response.Headers, revision);
        return ProblemAnswer.SendAsync(context, ProblemTable.PreconditionFailed, exists
            ? $"the key has revision {revision}: read it, and decide anew"
            : "there is no such key");
    }
}
