using Gache.Server.Options;

namespace Gache.Server.Hosting.Logging;

/// <summary>Writes each log event as one line.</summary>
internal sealed class LineLoggerProvider(LogFormat format, LineWriter writer, TimeProvider clock) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(ShortName(categoryName), format, writer, clock);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The writer belongs to the program: it outlives the loggers, so that the last lines still get out.
    }

    /// <summary>"Gache.Replication.Replica" is "Replica" for a person; others' categories stay whole.</summary>
    private static string ShortName(string category) =>
        category.StartsWith("Gache.", StringComparison.Ordinal) ? category[(category.LastIndexOf('.') + 1)..] : category;

    private sealed class LineLogger(string category, LogFormat format, LineWriter writer, TimeProvider clock) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var line = new LogLine(clock.GetUtcNow().UtcDateTime, logLevel, eventId, category, formatter(state, exception), exception);
            writer.Write(format == LogFormat.Json ? JsonLine.Write(line, state as IReadOnlyList<KeyValuePair<string, object?>>) : PlainLine.Write(line));
        }
    }
}
