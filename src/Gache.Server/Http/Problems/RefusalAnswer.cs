using Gache.Replication;

namespace Gache.Server.Http.Problems;

/// <summary>Answers with what the replica refused.</summary>
internal static class RefusalAnswer
{
    private static readonly ReadyProblem QueueIsFull = new(ProblemTable.Overloaded, Refusal.QueueIsFull.Detail, Refusal.QueueIsFull.RetryAfter!.Value);

    /// <summary>Which problem a refusal is; <see cref="RefusalCode.NotLeader"/> becomes one only where no redirect is possible.</summary>
    public static Problem ProblemOf(RefusalCode code) => code switch
    {
        RefusalCode.NotLeader or RefusalCode.NoLeader => ProblemTable.NoLeader,
        RefusalCode.NoQuorum => ProblemTable.NoQuorum,
        RefusalCode.ShuttingDown => ProblemTable.ShuttingDown,
        RefusalCode.DeadlineInQueue => ProblemTable.QueueTimeout,
        RefusalCode.Timeout => ProblemTable.Timeout,
        RefusalCode.LeadershipLost => ProblemTable.LeadershipLost,
        RefusalCode.Overloaded => ProblemTable.Overloaded,
        RefusalCode.IdempotencyFull => ProblemTable.IdempotencyFull,
        RefusalCode.DiskFull => ProblemTable.DiskFull,
        RefusalCode.MemoryFull => ProblemTable.MemoryFull,
        RefusalCode.NotServing => ProblemTable.NotServing,
        RefusalCode.Superseded => ProblemTable.Superseded,
        RefusalCode.RevisionNotReached => ProblemTable.RevisionNotReached,
        RefusalCode.NotServed => ProblemTable.SlotMoving,
        _ => ProblemTable.Fault,
    };

    /// <summary>Redirects to the leader where it is known, else sends the problem.</summary>
    public static Task SendAsync(HttpContext context, Refusal refusal) => refusal switch
    {
        { Code: RefusalCode.NotLeader, LeaderApi: { } leader } => Redirect.SendAsync(context, leader),
        { Code: RefusalCode.Timeout or RefusalCode.LeadershipLost } => ProblemAnswer.SendUnknownAsync(context, ProblemOf(refusal.Code), refusal.Detail),
        _ when ReferenceEquals(refusal, Refusal.QueueIsFull) => QueueIsFull.SendAsync(context),
        _ => ProblemAnswer.SendAsync(context, ProblemOf(refusal.Code), refusal.Detail, refusal.RetryAfter),
    };
}
