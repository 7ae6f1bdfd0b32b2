namespace Gache.Raft;

/// <summary>The bounds and times of the core, in ticks; see docs for what a tick is (10 ms).</summary>
public sealed record RaftOptions
{
    /// <summary>How often a leader says that it leads.</summary>
    public int HeartbeatTicks { get; init; } = 4;

    /// <summary>The shortest time without a leader after which a voter asks for votes; within it, it sticks to its leader.</summary>
    public int MinElectionTicks { get; init; } = 20;

    /// <summary>The longest such time (exclusive); also how long a leader goes on without a quorum's answers.</summary>
    public int MaxElectionTicks { get; init; } = 40;

    /// <summary>A lost vote is tried again after 1 to this many ticks.</summary>
    public int MaxRetryTicks { get; init; } = 10;

    /// <summary>After the leader's connection closed, a pre-vote starts within 0 to this many ticks.</summary>
    public int MaxDisconnectTicks { get; init; } = 5;

    /// <summary>A follower that still denies what it acknowledged after so long lost it: longer than any message is under way.</summary>
    public int DenialTicks { get; init; } = 300;

    /// <summary>Entries in one append message at most.</summary>
    public int MaxEntriesPerMessage { get; init; } = 1024;

    /// <summary>Bytes in one append message at most (one entry may exceed it).</summary>
    public long MaxBytesPerMessage { get; init; } = 4 << 20;

    /// <summary>Messages to a follower without an answer at most.</summary>
    public int MaxInflightMessages { get; init; } = 64;

    /// <summary>Bytes to a follower without an answer at most.</summary>
    public long MaxInflightBytes { get; init; } = 16 << 20;

    /// <summary>Bytes appended by a leader and not committed at most; beyond it takes no proposals.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of recent entries kept in memory, beyond those that are not durable or not applied.</summary>
    public long MaxCacheBytes { get; init; } = 2 << 20;
}
