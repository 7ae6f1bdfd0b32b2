using Gache.Raft;

namespace Gache.Replication;

public sealed partial class Replica
{
    private static readonly Refusal ShuttingDown = new(
        RefusalCode.ShuttingDown, "this node is stopping; ask another one", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal NoLeader = new(
        RefusalCode.NoLeader, "the shard has no leader; an election is under way, or a majority of its nodes cannot be reached",
        RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal NoQuorum = new(
        RefusalCode.NoQuorum, "a majority of the shard's nodes did not confirm in time that this node leads", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal NoHeir = new(
        RefusalCode.NoQuorum, "leadership stays where it is: the one that was to lead is not heard, or did not catch up in time", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal DeadlineInQueue = new(
        RefusalCode.DeadlineInQueue, "the request timeout passed before the write was handed to the log", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal TimedOut = new(
        RefusalCode.Timeout, "the write was handed to the log and is not known to be committed; read the key to see, or write again");

    private static readonly Refusal LeadershipLost = new(
        RefusalCode.LeadershipLost,
        "leadership changed after the write was handed to the log; it may or may not be committed: read the key to see, or write again");

    private static readonly Refusal Truncated = new(RefusalCode.Superseded, "planted: truncated from the own log");

    private static readonly Refusal Loading = new(
        RefusalCode.NotServing, "this node is loading a snapshot from the leader; ask another one, or wait", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal CatchingUp = new(
        RefusalCode.NotServing, "this node has not yet got what its shard had when it came; ask another one, or wait", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal DiskFull = new(
        RefusalCode.DiskFull, "the disk of a voter is nearly full: reads and deletes go on, and puts will when there is space again");

    private static readonly Refusal IdempotencyFull = new(
        RefusalCode.IdempotencyFull, "this shard keeps as many answers for repeats as it may, each for ten minutes: try later, or without Idempotency-Key", RetryAfter: TimeSpan.FromSeconds(10));

    private static readonly Refusal NotServed = new(
        RefusalCode.NotServed, "the key's slot is not served by this shard; ask its owner", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal Outdated = new(RefusalCode.Outdated, "the slot is in another phase or epoch than the command acts on");

    private static readonly Refusal TooManyWait = new(
        RefusalCode.Overloaded, "as many requests wait for keys here as may at once; try later, or without wait", RetryAfter: TimeSpan.FromSeconds(1));

    private static readonly Refusal ClientGone = new(RefusalCode.DeadlineInQueue, "the client has gone");

    private string? LeaderApi => core.Configuration.Find(core.Leader)?.ApiAddress;

    private static Refusal Superseded(in Entry entry) => new(
        RefusalCode.Superseded, $"another leader's entry was committed at index {entry.Index}, where this write stood; it was not carried out");

    private Refusal RevisionNotReached(ulong wanted) => new(
        RefusalCode.RevisionNotReached, $"this replica is at revision {store.Revision}, and did not reach {wanted} in time; ask again, or another one", RetryAfter: TimeSpan.FromSeconds(1));

    private Refusal NotLeading() => LeaderApi is { } api && core.IsLeaderHeard && core.Role != Role.Leader
        ? new Refusal(RefusalCode.NotLeader, $"the leader of this key's shard is at {api}; ask there", LeaderApi: api)
        : NoLeader;
}
