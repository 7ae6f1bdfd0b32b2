namespace Gache.Replication;

/// <summary>What a reader has seen of neighbouring slots: all of earlier epochs, and of this one up to a revision.</summary>
/// <param name="First">The first slot.</param>
/// <param name="Last">The last slot, included.</param>
/// <param name="Epoch">The epoch.</param>
/// <param name="Revision">The revision; 0: nothing of this epoch.</param>
public readonly record struct SlotPlace(int First, int Last, ulong Epoch, ulong Revision);

/// <summary>What a history can do for a reader who has come to some place.</summary>
public enum PieceFate : byte
{
    /// <summary>It knows nothing of the slots at that epoch or a later one.</summary>
    Unknown,

    /// <summary>It has what follows, and its shard serves the slots.</summary>
    Served,

    /// <summary>It has what follows of that epoch, which is over; another epoch comes next.</summary>
    Over,

    /// <summary>Its shard had the slots at that epoch, and what follows is gone from this history.</summary>
    Compacted,

    /// <summary>It knows of a later epoch only: what lies between must be had elsewhere, or is gone.</summary>
    Passed,
}

/// <summary>A part of a reader's places, and what became of it in one look into a history.</summary>
/// <param name="First">The first slot.</param>
/// <param name="Last">The last slot, included.</param>
/// <param name="Epoch">The reader's epoch before.</param>
/// <param name="Revision">The reader's revision before.</param>
/// <param name="Fate">What the history can do.</param>
/// <param name="EpochAfter">The epoch after the look.</param>
/// <param name="RevisionAfter">The revision after the look.</param>
public readonly record struct HistoryPiece(int First, int Last, ulong Epoch, ulong Revision, PieceFate Fate, ulong EpochAfter, ulong RevisionAfter)
{
    /// <summary>Whether changes of the slots are read from this history.</summary>
    public bool IsRead => Fate is PieceFate.Served or PieceFate.Over;

    internal ulong From { get; init; }

    internal ulong End { get; init; }

    internal ulong Next { get; init; }
}
