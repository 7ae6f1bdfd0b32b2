using Microsoft.Extensions.Logging;

namespace Gache.Replication.Tests.Node.Founding;

/// <summary>Keeps the lines of all logs.</summary>
internal sealed class SaidLog : ILoggerFactory, ILogger
{
    private readonly List<string> lines = [];

    public int Count(string part)
    {
        lock (lines) return lines.Count(line => line.Contains(part, StringComparison.Ordinal));
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // All is kept here.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines) lines.Add(formatter(state, exception));
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
