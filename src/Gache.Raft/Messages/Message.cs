using Gache.Primitives;

namespace Gache.Raft;

/// <summary>What one node says to another within a shard.</summary>
public enum MessageKind : byte
{
    /// <summary>"Would you vote for me in term T?"; changes nobody's term (thesis §9.6).</summary>
    PreVote = 1,

    /// <summary>The answer to <see cref="PreVote"/>.</summary>
    PreVoteAnswer = 2,

    /// <summary>RequestVote (paper figure 2).</summary>
    Vote = 3,

    /// <summary>The answer to <see cref="Vote"/>.</summary>
    VoteAnswer = 4,

    /// <summary>AppendEntries with entries, or with none as a probe (paper figure 2).</summary>
    Append = 5,

    /// <summary>The answer to <see cref="Append"/>.</summary>
    AppendAnswer = 6,

    /// <summary>"I lead"; carries the commit index and the number of the read round (thesis §6.4).</summary>
    Heartbeat = 7,

    /// <summary>The answer to <see cref="Heartbeat"/>; waits for no disk within a durable term.</summary>
    HeartbeatAnswer = 8,

    /// <summary>"Campaign now": the leader hands over (thesis §3.10, TimeoutNow).</summary>
    TransferNow = 9,
}

/// <summary>One message of the consensus core. Which fields count depends on <see cref="Kind"/>.</summary>
public sealed record Message
{
    /// <summary>What is said.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>Who says it.</summary>
    public required NodeId From { get; init; }

    /// <summary>To whom.</summary>
    public required NodeId To { get; init; }

    /// <summary>The sender's term; in a pre-vote and its granting answer the term that is asked for.</summary>
    public required ulong Term { get; init; }

    /// <summary>Votes: the candidate's last index. Append: the index before the entries. Append answer: the last index that now
    /// matches, or, if rejected, the index that did not.</summary>
    public ulong LogIndex { get; init; }

    /// <summary>Votes: the candidate's last term. Append: the term at <see cref="LogIndex"/>.</summary>
    public ulong LogTerm { get; init; }

    /// <summary>Append, heartbeat: the leader's commit index (in a heartbeat never above what the follower has). Heartbeat answer: the
    /// follower's.</summary>
    public ulong Commit { get; init; }

    /// <summary>Append: consecutive entries from <see cref="LogIndex"/> + 1.</summary>
    public ReadOnlyMemory<Entry> Entries { get; init; }

    /// <summary>Answers: the request was refused.</summary>
    public bool IsRejected { get; init; }

    /// <summary>Rejected append answer: where the follower's log may agree at the latest.</summary>
    public ulong HintIndex { get; init; }

    /// <summary>Rejected append answer: the follower's term at <see cref="HintIndex"/>.</summary>
    public ulong HintTerm { get; init; }

    /// <summary>Heartbeat and its answer: the read round it was sent for; an answer repeats the heartbeat's.</summary>
    public ulong Round { get; init; }

    /// <summary>Vote: the leader itself asked for this election, so stickiness does not apply (thesis §4.2.3).</summary>
    public bool IsTransfer { get; init; }

    /// <summary>Not sent: the number of the write that must be durable before this message may leave; 0 for none (P2).</summary>
    public ulong AfterWrite { get; init; }
}
