using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>The state that the records so far lead to. The writer and recovery step it alike.</summary>
internal sealed class LogTail
{
    public HardState HardState { get; set; }

    public SnapshotMark? Mark { get; private set; }

    public ulong LastIndex { get; private set; }

    /// <summary>The term at <see cref="LastIndex"/>; 0 where it is not known because that entry's segment is gone.</summary>
    public ulong LastTerm { get; private set; }

    public ulong LastWrite { get; set; }

    public TermRuns Terms { get; } = new();

    private ulong MarkIndex => Mark?.Index ?? 0;

    /// <summary>Begins with the state that a segment's start tells.</summary>
    public void Begin(ulong lastIndex, ulong lastTerm, HardState hardState, SnapshotMark? mark) =>
        (LastIndex, LastTerm, HardState, Mark) = (lastIndex, lastTerm, hardState, mark);

    public bool CanAppend(ulong index) => index == LastIndex + 1;

    public void Append(ulong index, ulong term)
    {
        Invariant.Holds(CanAppend(index), $"entry {index} after {LastIndex}");
        Terms.Append(index, term);
        (LastIndex, LastTerm) = (index, term);
    }

    public bool CanTruncateFrom(ulong index) => index <= LastIndex && index > MarkIndex;

    public void TruncateFrom(ulong index)
    {
        Invariant.Holds(CanTruncateFrom(index), $"a truncation from {index} of a log from {MarkIndex} to {LastIndex}");
        Terms.TruncateFrom(index);
        LastIndex = index - 1;
        LastTerm = LastIndex == MarkIndex ? Mark?.Term ?? 0 : Terms.TermAt(LastIndex) ?? 0;
    }

    /// <summary>Whether a snapshot replaces the log, because the log has no entry of its index and term.</summary>
    public bool IsReplacedBy(SnapshotMark mark) =>
        !(mark.Index <= LastIndex && (Terms.TermAt(mark.Index) == mark.Term || (mark.Index == LastIndex && mark.Term == LastTerm)
            || (mark.Index == MarkIndex && mark.Term == Mark?.Term)));

    public void SetMark(SnapshotMark mark, bool replacesLog)
    {
        Invariant.Holds(mark.Index >= MarkIndex, $"a snapshot at {mark.Index} after one at {MarkIndex}");
        Mark = mark;
        if (!replacesLog) return;
        Terms.Clear();
        (LastIndex, LastTerm) = (mark.Index, mark.Term);
    }
}
