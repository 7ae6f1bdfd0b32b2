namespace Gache.Replication;

/// <summary>Why a request was not carried out, or is not known to be. One table in the server maps each to status, code and outcome.</summary>
/// <remarks>Nodes tell each other their numbers: a new one is added at the end.</remarks>
public enum RefusalCode
{
    /// <summary>Another node leads: <see cref="Refusal.LeaderApi"/>. Surely not applied.</summary>
    NotLeader,

    /// <summary>No leader is known and none came within the wait (1 s). Surely not applied.</summary>
    NoLeader,

    /// <summary>We lead, but a quorum did not confirm it before the deadline (reads). Surely not applied.</summary>
    NoQuorum,

    /// <summary>The node is stopping, or may not serve yet. Surely not applied.</summary>
    ShuttingDown,

    /// <summary>The deadline passed in a queue, before anything was proposed. Surely not applied.</summary>
    DeadlineInQueue,

    /// <summary>Proposed, and not known to be committed when the deadline passed. Unknown.</summary>
    Timeout,

    /// <summary>Proposed, and leadership was lost before it was known to be committed. Unknown.</summary>
    LeadershipLost,

    /// <summary>A bounded queue is full. Surely not applied.</summary>
    Overloaded,

    /// <summary>A voter's disk is nearly full: no puts. Surely not applied.</summary>
    DiskFull,

    /// <summary>The store's memory bound is reached: no puts. Surely not applied.</summary>
    MemoryFull,

    /// <summary>As many answers are kept for repeats as may be: no new keyed writes. Surely not applied.</summary>
    IdempotencyFull,

    /// <summary>The node may not serve: its address belongs to another shard, or it lost data. Surely not applied.</summary>
    NotServing,

    /// <summary>A committed entry of another term stands at the proposal's index: it was replaced. Surely not applied (P11).</summary>
    Superseded,

    /// <summary>The key's slot is not served by this shard (any more): apply refused the write, or the read was not carried out (P9, P11).</summary>
    NotServed,

    /// <summary>The state here did not reach the revision that the read asked for in time. Surely not applied.</summary>
    RevisionNotReached,

    /// <summary>A command on slots does not fit the slot's present phase or epoch: apply refused it.</summary>
    Outdated,
}

/// <summary>An answer that is not a result. A value, not an exception: exceptions are for faults.</summary>
/// <param name="Code">What happened.</param>
/// <param name="Detail">In words, with what to do.</param>
/// <param name="LeaderApi">With <see cref="RefusalCode.NotLeader"/>: the leader's advertised API address, <c>host:port</c>.</param>
/// <param name="RetryAfter">When to try again, where that is known.</param>
public sealed record Refusal(RefusalCode Code, string Detail, string? LeaderApi = null, TimeSpan? RetryAfter = null)
{
    /// <summary>The replica's queue is full: the one refusal of which there may be more than of all answers together.</summary>
    public static Refusal QueueIsFull { get; } = new(
        RefusalCode.Overloaded, "too many requests wait here; send fewer at once", RetryAfter: TimeSpan.FromSeconds(1));
}
