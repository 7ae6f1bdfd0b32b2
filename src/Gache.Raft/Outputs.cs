using Gache.Primitives;

namespace Gache.Raft;

/// <summary>What must follow from the inputs since the last <see cref="RaftCore.Drain"/>. Reused by its owner.</summary>
public sealed class Outputs
{
    /// <summary>The number of the write to make durable, or 0 if there is none. Hand it to the log before any message is sent.</summary>
    public ulong WriteNumber { get; internal set; }

    /// <summary>With a write: the hard state, if it changed.</summary>
    public HardState? HardState { get; internal set; }

    /// <summary>With a write: the snapshot that now counts, if there is a new one.</summary>
    public SnapshotMark? Snapshot { get; internal set; }

    /// <summary>With a write: consecutive entries; if the first does not follow the last one written, the log is truncated there first.</summary>
    public ReadOnlyMemory<Entry> Entries { get; internal set; }

    /// <summary>Messages to send; those with <see cref="Message.AfterWrite"/> only after that write is durable (P2).</summary>
    public List<Message> Messages { get; } = [];

    /// <summary>Read rounds that a quorum confirmed: their reads may be served when the applied index has reached the index given.</summary>
    public List<ConfirmedReads> Reads { get; } = [];

    /// <summary>Entries to read from disk and hand back with <see cref="RaftCore.Fetched"/>.</summary>
    public List<Fetch> Fetches { get; } = [];

    /// <summary>Followers that need a snapshot; answer with <see cref="RaftCore.SnapshotFailed"/> if it cannot be sent.</summary>
    public List<NodeId> SnapshotsWanted { get; } = [];

    internal void Clear()
    {
        WriteNumber = 0;
        HardState = null;
        Snapshot = null;
        Entries = default;
        Messages.Clear();
        Reads.Clear();
        Fetches.Clear();
        SnapshotsWanted.Clear();
    }
}

/// <summary>A round of reads that was confirmed.</summary>
/// <param name="Round">The number that <see cref="RaftCore.RequestRead"/> returned.</param>
/// <param name="Index">The index that must be applied before they are served.</param>
public readonly record struct ConfirmedReads(ulong Round, ulong Index);

/// <summary>A wish for entries that are no more in memory.</summary>
/// <param name="Follower">For whom.</param>
/// <param name="First">From which index.</param>
/// <param name="Last">To which index at most.</param>
/// <param name="MaxBytes">How many bytes at most (at least one entry).</param>
public readonly record struct Fetch(NodeId Follower, ulong First, ulong Last, long MaxBytes);
