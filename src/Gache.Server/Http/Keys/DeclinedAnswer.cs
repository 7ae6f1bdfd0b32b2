using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>Answers a write that was committed and, applied, changed nothing: a "no" that every replica agrees on.</summary>
internal static class DeclinedAnswer
{
    /// <summary>Answers with what apply found.</summary>
    public static Task SendAsync(HttpContext context, WriteAnswer answer)
    {
        (Problem problem, string detail) = Of(answer);
        if (answer.Existed) EntityTags.Set(context.Response.Headers, answer.Revision);
        return ProblemAnswer.SendAsync(context, problem, detail);
    }

    /// <summary>Which problem it is, and its words.</summary>
    public static (Problem Problem, string Detail) Of(WriteAnswer answer) => answer.Status switch
    {
        ApplyStatus.ConditionFailed => (ProblemTable.PreconditionFailed, WordsOfCondition(answer.Existed, answer.Revision)),
        ApplyStatus.NotANumber => (ProblemTable.NotANumber, "what the key holds is no decimal 64-bit number: an optional minus and digits, nothing else"),
        ApplyStatus.OutOfRange => (ProblemTable.OutOfRange, "the sum is beyond min, max or 64 bits; the key is as it was"),
        ApplyStatus.KeyNotFound => (ProblemTable.KeyNotFound, "nothing is stored under this key: there is nothing to touch"),
        ApplyStatus.IdempotencyKeyReused => (
            ProblemTable.IdempotencyKeyReused, "this Idempotency-Key came with another method, condition, query or body before: use a new one for each command"),
        ApplyStatus.AnswerTooLarge => (ProblemTable.AnswerTooLarge, $"what is read has more than {TxnCommand.MaxAnswerBytes} bytes together; nothing was changed: read less at once"),
        _ => (ProblemTable.Fault, $"apply answered {answer.Status}"),
    };

    /// <summary>412, with the revision that the key has.</summary>
    public static Task ConditionFailedAsync(HttpContext context, bool exists, ulong revision)
    {
        if (exists) EntityTags.Set(context.Response.Headers, revision);
        return ProblemAnswer.SendAsync(context, ProblemTable.PreconditionFailed, WordsOfCondition(exists, revision));
    }

    private static string WordsOfCondition(bool exists, ulong revision) => exists
        ? $"the key has revision {revision}: read it, and decide anew"
        : "there is no such key";
}
