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
        ApplyStatus.NotANumber => SendAsync(
            context, ProblemTable.NotANumber, answer, "what the key holds is no decimal 64-bit number: an optional minus and digits, nothing else"),
        ApplyStatus.OutOfRange => SendAsync(context, ProblemTable.OutOfRange, answer, "the sum is beyond min, max or 64 bits; the key is as it was"),
        ApplyStatus.KeyNotFound => ProblemAnswer.SendAsync(context, ProblemTable.KeyNotFound, "nothing is stored under this key: there is nothing to touch"),
        ApplyStatus.IdempotencyKeyReused => ProblemAnswer.SendAsync(
            context, ProblemTable.IdempotencyKeyReused, "this Idempotency-Key came with another method, condition, query or body before: use a new one for each command"),
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

    private static Task SendAsync(HttpContext context, Problem problem, WriteAnswer answer, string detail)
    {
        if (answer.Existed) EntityTags.Set(context.Response.Headers, answer.Revision);
        return ProblemAnswer.SendAsync(context, problem, detail);
    }
}
