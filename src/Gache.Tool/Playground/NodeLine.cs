namespace Gache.Tool.Playground;

/// <summary>A line of a node's log, in the server's plain format: <c>2026-01-31 12:00:00.000Z info  message [100]</c>.</summary>
internal static class NodeLine
{
    private static readonly string[] RoutineLevels = ["trace", "debug", "info"];

    /// <summary>Whether it is a log line of a level below warning; what is no log line is the reason why a node does not start, perhaps.</summary>
    public static bool IsRoutine(string line) =>
        line.Split(' ', 4, StringSplitOptions.RemoveEmptyEntries) is [_, var time, var level, _] && time.EndsWith('Z') && RoutineLevels.Contains(level, StringComparer.Ordinal);
}
