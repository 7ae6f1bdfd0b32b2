using Gache.Server.Options;

namespace Gache.Server.Hosting.Logging;

/// <summary>The program's log to stderr.</summary>
internal sealed class ServerLog : IDisposable
{
    private readonly LineWriter writer;

    /// <summary>Opens the log as the options say.</summary>
    public ServerLog(LogLevel level, LogFormat format, Stream output, bool isTerminal, TimeProvider clock)
    {
        writer = new LineWriter(output);
        LogFormat chosen = format != LogFormat.Auto ? format : isTerminal ? LogFormat.Plain : LogFormat.Json;
        Factory = LoggerFactory.Create(log => log
            .SetMinimumLevel(level)
            .AddFilter("Microsoft", level <= LogLevel.Debug ? LogLevel.Information : LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None) // a failed start is told once, in our words
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None) // else each request gets an activity and a scope, for lines that we write ourselves
            .AddFilter("System", LogLevel.Warning)
            .AddProvider(new LineLoggerProvider(chosen, writer, clock)));
    }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Factory { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Factory.Dispose();
        writer.Dispose();
    }
}
