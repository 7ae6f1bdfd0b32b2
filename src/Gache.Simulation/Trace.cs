using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Gache.Simulation;

/// <summary>The last events of a world, in words. Kept only where somebody will read them: a failing seed is run again with it.</summary>
/// <param name="scheduler">The world's time.</param>
/// <param name="maxLines">How many lines are kept.</param>
public sealed class Trace(EventScheduler scheduler, int maxLines)
{
    private readonly Queue<string> lines = new();

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyCollection<string> Lines => lines;

    /// <summary>Adds a line with the world's time.</summary>
    public void Add(string who, string what)
    {
        lines.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{scheduler.Now.TotalSeconds,12:F6} {who,-8} {what}"));
        if (lines.Count > maxLines) lines.Dequeue();
    }

    /// <summary>A log of one node that goes here.</summary>
    internal ILogger LoggerFor(string who) => new TraceLogger(this, who);

    private sealed class TraceLogger(Trace trace, string who) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            trace.Add(who, formatter(state, exception) + (exception is null ? "" : $" [{exception.GetType().Name}: {exception.Message}]"));
    }
}
