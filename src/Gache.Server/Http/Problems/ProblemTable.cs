using static Gache.Server.Http.Problems.Outcomes;

namespace Gache.Server.Http.Problems;

/// <summary>Every error a client may meet, once: code, status, title, outcome, retryable.</summary>
internal static class ProblemTable
{
    // The request itself.
    public static readonly Problem KeyEmpty = new("key-empty", 400, "The key is empty", NotApplied, false);
    public static readonly Problem KeyMalformed = new("key-malformed", 400, "The key is malformed", NotApplied, false);
    public static readonly Problem ParameterUnknown =
        new("parameter-unknown", 400, "A parameter is unknown or repeated", NotApplied, false);
    public static readonly Problem ParameterAmbiguous =
        new("parameter-ambiguous", 400, "A parameter has a bare +", NotApplied, false);
    public static readonly Problem ParameterMalformed = new("parameter-malformed", 400, "A parameter is malformed", NotApplied, false);
    public static readonly Problem PrefixRequired = new("prefix-required", 400, "A deletion needs a prefix", NotApplied, false);
    public static readonly Problem TtlMalformed = new("ttl-malformed", 400, "A time to live is malformed", NotApplied, false);
    public static readonly Problem ConditionMalformed = new("condition-malformed", 400, "A condition is malformed", NotApplied, false);
    public static readonly Problem IdempotencyKeyMalformed =
        new("idempotency-key-malformed", 400, "The Idempotency-Key is malformed", NotApplied, false);
    public static readonly Problem HeaderUnsupported = new("header-unsupported", 400, "A header does not count here", NotApplied, false);
    public static readonly Problem TxnCrossSlot = new("txn-cross-slot", 400, "The keys are not in one slot", NotApplied, false);
    public static readonly Problem BodyMalformed = new("body-malformed", 400, "The body is malformed", NotApplied, false);
    public static readonly Problem BodyIncomplete = new("body-incomplete", 400, "The body was cut off", NotApplied, true);
    public static readonly Problem CrossOrigin = new("cross-origin", 403, "A page of another origin may not ask this", NotApplied, false);
    public static readonly Problem KeyNotFound = new("key-not-found", 404, "There is no such key", NotApplied, false);
    public static readonly Problem PathUnknown = new("path-unknown", 404, "There is nothing at this path", NotApplied, false);
    public static readonly Problem ShardUnknown = new("shard-unknown", 404, "No such shard is known", NotApplied, false);
    public static readonly Problem NodeUnknown = new("node-unknown", 404, "No such node is known", NotApplied, false);
    public static readonly Problem MethodNotAllowed = new("method-not-allowed", 405, "The method is not allowed here", NotApplied, false);
    public static readonly Problem BodyTooSlow = new("body-too-slow", 408, "The body came too slowly", NotApplied, true);
    public static readonly Problem AddressInUse = new("address-in-use", 409, "The address belongs to a live member", NotApplied, true);
    public static readonly Problem NotReachable = new("not-reachable", 409, "The joiner was not met at its address", NotApplied, true);
    public static readonly Problem WrongShard = new("wrong-shard", 409, "The joiner belongs elsewhere", NotApplied, false);
    public static readonly Problem SlotsThere = new("slots-there", 409, "The slots are where they are to go", NotApplied, false);
    public static readonly Problem SlotsBusy = new("slots-busy", 409, "The slots are on their way elsewhere", NotApplied, true);
    public static readonly Problem NodeAlive = new("node-alive", 409, "The node is alive", NotApplied, false);
    public static readonly Problem LastVoter = new("last-voter", 409, "The shard has no other voter", NotApplied, false);
    public static readonly Problem NotANumber = new("not-a-number", 409, "The key holds no number", NotApplied, false);
    public static readonly Problem OutOfRange = new("out-of-range", 409, "The sum is out of range", NotApplied, false);
    public static readonly Problem AnswerTooLarge = new("answer-too-large", 409, "More is read than one answer may have", NotApplied, false);
    public static readonly Problem NoVoter = new("no-voter", 409, "The node is no voter of the shard", NotApplied, false);
    public static readonly Problem WatchCompacted = new("watch-compacted", 410, "The history does not reach back so far", NotApplied, false);
    public static readonly Problem LengthRequired = new("length-required", 411, "The body needs a Content-Length", NotApplied, false);
    public static readonly Problem PreconditionFailed = new("precondition-failed", 412, "The condition does not hold", NotApplied, false);
    public static readonly Problem ValueTooLarge = new("value-too-large", 413, "The value is too large", NotApplied, false);
    public static readonly Problem TxnTooLarge = new("txn-too-large", 413, "The transaction is too large", NotApplied, false);
    public static readonly Problem BatchTooLarge = new("batch-too-large", 413, "The batch is too large", NotApplied, false);
    public static readonly Problem KeyTooLong = new("key-too-long", 414, "The key is too long", NotApplied, false);
    public static readonly Problem IdempotencyKeyReused =
        new("idempotency-key-reused", 422, "The Idempotency-Key was used for something else", NotApplied, false);

    // A bound is reached.
    public static readonly Problem Overloaded = new("overloaded", 429, "A bounded queue is full", NotApplied, true);
    public static readonly Problem IdempotencyFull = new("idempotency-full", 429, "No more answers can be kept for repeats", NotApplied, true);
    public static readonly Problem DiskFull = new("disk-full", 507, "A disk is nearly full", NotApplied, true);
    public static readonly Problem MemoryFull = new("memory-full", 507, "The memory bound is reached", NotApplied, true);

    // The shard was not able to; surely nothing happened.
    public static readonly Problem NoLeader = new("no-leader", 503, "The shard has no leader", NotApplied, true);
    public static readonly Problem NoQuorum = new("no-quorum", 503, "No quorum answered", NotApplied, true);
    public static readonly Problem QueueTimeout = new("queue-timeout", 503, "The request waited too long in a queue", NotApplied, true);
    public static readonly Problem Superseded = new("superseded", 503, "Another leader's entry took its place", NotApplied, true);
    public static readonly Problem RevisionNotReached = new("revision-not-reached", 503, "This replica has not reached the revision", NotApplied, true);
    public static readonly Problem HistoryUnreachable = new("history-unreachable", 503, "A member that may have the history does not answer", NotApplied, true);
    public static readonly Problem NotServing = new("not-serving", 503, "This node may not serve", NotApplied, true);
    public static readonly Problem SlotMoving = new("slot-moving", 503, "The key's slot is between two shards", NotApplied, true);
    public static readonly Problem SlotsUnassigned = new("slots-unassigned", 503, "No shard owns the key's slot", NotApplied, true);
    public static readonly Problem ChangeUnderWay = new("change-under-way", 503, "Another change of members is under way", NotApplied, true);
    public static readonly Problem ShuttingDown = new("shutting-down", 503, "This node is stopping", NotApplied, true);

    public static readonly Problem RoutingLoop = new("routing-loop", 508, "The nodes do not agree yet who owns the slot", NotApplied, true);

    // It was handed to the log and is not known to be committed: a repeat could harm, unless the request itself keeps it from
    // being carried out twice (ProblemAnswer.SendUnknownAsync).
    public static readonly Problem Timeout = new("timeout", 504, "Not known to be committed in time", Unknown, false);
    public static readonly Problem LeadershipLost = new("leadership-lost", 504, "Leadership was lost before it was known", Unknown, false);

    /// <summary>Some shards took an operator's request and others did not; asked again, it goes on with those.</summary>
    public static readonly Problem PartlyDone = new("partly-done", 504, "Not known to be done by all shards", Unknown, true);

    /// <summary>A fault of this program; nobody should ever see it.</summary>
    public static readonly Problem Fault = new("fault", 500, "A fault of the server", Unknown, false);

    /// <summary>All of them, for documentation and tests.</summary>
    public static IReadOnlyList<Problem> All { get; } =
    [
        KeyEmpty, KeyMalformed, ParameterUnknown, ParameterAmbiguous, ParameterMalformed, PrefixRequired, TtlMalformed, ConditionMalformed, IdempotencyKeyMalformed, HeaderUnsupported, TxnCrossSlot, BodyMalformed,
        BodyIncomplete, CrossOrigin, KeyNotFound, PathUnknown, ShardUnknown, NodeUnknown, MethodNotAllowed, BodyTooSlow, AddressInUse, NotReachable,
        WrongShard, SlotsThere, SlotsBusy, NodeAlive, LastVoter, NoVoter, NotANumber, OutOfRange, AnswerTooLarge,
        WatchCompacted, LengthRequired, PreconditionFailed, ValueTooLarge, TxnTooLarge, BatchTooLarge, KeyTooLong, IdempotencyKeyReused, Overloaded, IdempotencyFull, DiskFull, MemoryFull, NoLeader, NoQuorum,
        QueueTimeout, Superseded, RevisionNotReached, HistoryUnreachable, NotServing, SlotMoving, SlotsUnassigned, ChangeUnderWay, ShuttingDown, RoutingLoop, Timeout, LeadershipLost,
        PartlyDone, Fault,
    ];
}
