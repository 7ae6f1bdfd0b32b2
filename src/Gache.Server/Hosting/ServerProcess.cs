using System.Reflection;
using System.Runtime.InteropServices;
using Gache.Replication;
using Gache.Server.Hosting.Logging;
using Gache.Server.Http;
using Gache.Server.Options;

namespace Gache.Server.Hosting;

/// <summary>One run of the server, from options to exit code.</summary>
internal static partial class ServerProcess
{
    /// <summary>From the first signal to the end of the process.</summary>
    public static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Requests under way get this much of <see cref="StopDeadline"/>; a proposal that is not through by then meets no quorum.</summary>
    private static readonly TimeSpan RequestsDeadline = TimeSpan.FromSeconds(4);

    /// <summary>The version, without the commit.</summary>
    public static string Version { get; } =
        typeof(ServerProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs until a signal, or until the node must end by itself.</summary>
    public static async Task<int> RunAsync(ServerOptions options)
    {
        using var signals = new Signals();
        using var log = new ServerLog(
            options.LogLevel, options.LogFormat, Console.OpenStandardError(), !Console.IsErrorRedirected, TimeProvider.System);
        ILogger events = log.Factory.CreateLogger(typeof(ServerProcess));

        ApiHost host;
        try
        {
            host = await ApiHost.StartAsync(SettingsOf(options), options.Listen, options.Port, log.Factory).ConfigureAwait(false);
        }
        catch (Exception failure) when (BindFailure.Is(failure))
        {
            await Console.Error.WriteLineAsync($"gache: {BindFailure.Words(failure, options)}").ConfigureAwait(false);
            return ExitCode.AddressUnavailable;
        }

        await using (host.ConfigureAwait(false))
        {
            IReadOnlyCollection<string> addresses = host.Addresses;
            LogListening(events, addresses, options.AdvertisedApi, Version);
            PosixSignal signal = await signals.Stop.ConfigureAwait(false);
            LogStopping(events, signal);
            await host.StopAsync(RequestsDeadline).ConfigureAwait(false);
        }

        LogStopped(events);
        return ExitCode.Stopped;
    }

    private static ApiSettings SettingsOf(ServerOptions options) => new()
    {
        MaxValueBytes = options.MaxValueBytes,
        AdvertisedApi = options.AdvertisedApi.ToString(),
        AllowedHosts = options.AllowedHosts,
        AllowedOrigins = options.AllowedOrigins,
        Version = Version,
    };

    [LoggerMessage(EventId = 501, Level = LogLevel.Information, Message = "API on {Addresses}, told to others as {Advertised}; gache {Version}")]
    private static partial void LogListening(ILogger log, IReadOnlyCollection<string> addresses, HostPort advertised, string version);

    [LoggerMessage(EventId = 502, Level = LogLevel.Information, Message = "{Signal}: stopping; a second one ends at once")]
    private static partial void LogStopping(ILogger log, PosixSignal signal);

    [LoggerMessage(EventId = 503, Level = LogLevel.Information, Message = "stopped")]
    private static partial void LogStopped(ILogger log);
}
