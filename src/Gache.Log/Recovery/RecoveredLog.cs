using Gache.Raft;

namespace Gache.Log;

/// <summary>A log as its records tell it, before anything was changed on disk.</summary>
internal sealed class RecoveredLog
{
    public LogTail Tail { get; } = new();

    public EntryIndex Index { get; } = new();

    /// <summary>The segments that the log goes through, rising; the last one is written to.</summary>
    public List<Segment> Segments { get; } = [];

    /// <summary>Segments behind the log's end: prepared, or with a first write that was never synced.</summary>
    public List<Segment> Unused { get; } = [];

    public List<Entry> Configurations { get; } = [];

    /// <summary>The end of the last record.</summary>
    public LogPosition End { get; set; }

    /// <summary>The highest position that a batch head proves to have been synced.</summary>
    public LogPosition SyncedUpTo { get; set; }

    /// <summary>True if the last record is a closing mark.</summary>
    public bool IsClosed { get; set; }

    public CutTail? Cut { get; set; }

    public Recovered Result() =>
        new(Tail.HardState, Tail.Mark, Index.FirstIndex, Tail.LastIndex, [.. Tail.Terms.All], [.. Configurations], Cut, Tail.LastWrite);
}
