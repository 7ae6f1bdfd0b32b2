using System.Globalization;
using System.Text;

namespace Gache.Server.Hosting.Logging;

/// <summary>A log line for people.</summary>
internal static class PlainLine
{
    /// <summary>Writes <c>time level message [event]</c>, and an exception under it.</summary>
    public static byte[] Write(LogLine line)
    {
        string number = line.Event.Id == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" [{line.Event.Id}]");
        string exception = line.Exception is { } thrown ? $"\n{thrown}" : "";
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{line.Utc:yyyy-MM-dd HH:mm:ss.fff}Z {line.LevelName,-5} {line.Message}{number}{exception}\n"));
    }
}
