namespace Gache.Server.Hosting.Logging;

/// <summary>One event, as both formats need it.</summary>
internal readonly record struct LogLine(
    DateTime Utc, LogLevel Level, EventId Event, string Category, string Message, Exception? Exception)
{
    /// <summary>The level as the option names it.</summary>
    public string LevelName => Level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
