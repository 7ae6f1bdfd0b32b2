namespace Gache.Log;

/// <summary>A place in the log's one sequence of records.</summary>
/// <param name="Segment">The number of the segment, from 1.</param>
/// <param name="Offset">Bytes from the start of its file.</param>
internal readonly record struct LogPosition(ulong Segment, long Offset) : IComparable<LogPosition>
{
    public int CompareTo(LogPosition other) => Segment != other.Segment ? Segment.CompareTo(other.Segment) : Offset.CompareTo(other.Offset);

    public static bool operator <(LogPosition left, LogPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(LogPosition left, LogPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(LogPosition left, LogPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LogPosition left, LogPosition right) => left.CompareTo(right) >= 0;
}
