using Gache.Raft;

namespace Gache.Simulation;

/// <summary>Two logs that agree on the term at an index agree on everything before it (paper figure 3); looked at for samples.</summary>
internal static class LogMatching
{
    private const ulong Depth = 200;

    /// <summary>Compares two logs below the highest index where they agree.</summary>
    public static Violation? Check(RaftCore one, RaftCore other)
    {
        ulong index = Math.Min(one.LastIndex, other.LastIndex);
        ulong first = Math.Max(one.FirstIndex, other.FirstIndex);
        while (index >= first && one.TermAt(index) != other.TermAt(index)) index--;
        for (ulong below = Math.Max(first, index - Math.Min(index, Depth)); below < index; below++)
        {
            if (one.TermAt(below) != other.TermAt(below))
                return new("log matching", $"{one.Id} and {other.Id} agree at {index} and not at {below}");
        }

        return null;
    }
}
