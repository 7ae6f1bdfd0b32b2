using System.Reflection;
using System.Runtime.InteropServices;
using Gache.Replication;
using Gache.Server.Hosting.Logging;
using Gache.Server.Http;
using Gache.Server.Http.Cluster;
using Gache.Server.Options;

namespace Gache.Server.Hosting;

/// <summary>One run of the server, from options to exit code.</summary>
/// <param name="options">What the operator asked for.</param>
/// <param name="errors">Where the reason goes if it does not start.</param>
/// <param name="log">Where log lines go.</param>
/// <param name="notices">Tells the service manager, if there is one.</param>
internal sealed partial class ServerProcess(ServerOptions options, TextWriter errors, ILoggerFactory log, ServiceNotices notices)
{
    /// <summary>From the first signal to the end of the process.</summary>
    public static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    /// <summary>How long the API port stays open for the hand-over of leadership: until there is a leader to send requests to.</summary>
    private static readonly TimeSpan HandOverDeadline = TimeSpan.FromSeconds(1);

    /// <summary>Requests under way get this much of it; a proposal that is not through by then meets no quorum.</summary>
    private static readonly TimeSpan RequestsDeadline = TimeSpan.FromSeconds(4);

    /// <summary>After them the node commits what is pending and closes the log.</summary>
    private static readonly TimeSpan NodeDeadline = TimeSpan.FromSeconds(4);

    /// <summary>What other nodes asked for may end in this time.</summary>
    private static readonly TimeSpan ClusterDeadline = TimeSpan.FromSeconds(0.5);

    /// <summary>A node that ends by itself gives its requests no more than this to be told.</summary>
    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(1);

    private readonly ILogger events = log.CreateLogger<ServerProcess>();
    private NodeEnd? ended;

    /// <summary>The version, without the commit.</summary>
    public static string Version { get; } =
        typeof(ServerProcess).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs with the process's own signals, log and stderr.</summary>
    public static async Task<int> RunAsync(ServerOptions options)
    {
        using var signals = new Signals();
        if (options.StopsWithStdin) signals.StopWhenEnds(Console.OpenStandardInput());
        using var errors = new StringWriter();
        int exitCode;
        using (var log = new ServerLog(options.LogLevel, options.LogFormat, Console.OpenStandardError(), !Console.IsErrorRedirected, TimeProvider.System))
        using (var notices = new ServiceNotices(
            Environment.GetEnvironmentVariable(ServiceNotices.Variable), TimeProvider.System, log.Factory.CreateLogger<ServiceNotices>()))
        {
            exitCode = await new ServerProcess(options, errors, log.Factory, notices).RunAsync(signals.Stop).ConfigureAwait(false);
        }

        await Console.Error.WriteAsync(errors.ToString()).ConfigureAwait(false); // the log is out: why it did not start is the last line
        return exitCode;
    }

    /// <summary>Runs until <paramref name="stop"/> completes, or the node must end by itself.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(Task<PosixSignal> stop)
    {
        int exitCode = await RunHostAsync(stop).ConfigureAwait(false);
        if (ended is { } end) LogEnded(events, end.Reason, end.Detail); // last: whoever looks at the end of a log looks for the reason
        return exitCode;
    }

    private async Task<int> RunHostAsync(Task<PosixSignal> stop)
    {
        ApiHost host;
        try
        {
            // The port first: a second node started by mistake must not touch a folder.
            host = await ApiHost.StartAsync(SettingsOf(options), options.Listen, options.Port, log).ConfigureAwait(false);
        }
        catch (Exception failure) when (BindFailure.Is(failure))
        {
            return Refuse(ExitCode.AddressUnavailable, BindFailure.Words(failure, options));
        }

        await using (host.ConfigureAwait(false))
        {
            ClusterPart? cluster;
            try
            {
                cluster = await ClusterPart.OpenAsync(options, log).ConfigureAwait(false);
            }
            catch (TransportListenException failure)
            {
                return Refuse(NodeStart.ExitCodeOf(failure)!.Value, failure.Message);
            }

            try
            {
                if (FolderLock.Take(options.RaftDir, out FolderLock? taken) is { } words) return Refuse(ExitCode.FolderNotUsable, words);
                using (taken) return await RunNodeAsync(host, cluster, stop).ConfigureAwait(false);
            }
            finally
            {
                if (cluster is not null) await cluster.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<int> RunNodeAsync(ApiHost host, ClusterPart? cluster, Task<PosixSignal> stop)
    {
        using HttpClient http = JoinClient.CreateHttpClient();
        ShardNode? node = null;
        try
        {
            node = NodeStart.Open(options, new JoinClient(http), cluster, log);
            if (cluster is null) ClusterPart.CheckThatNoneIsNeeded(node);
            cluster?.Attach(node, host);
            node.Start();
        }
        catch (Exception failure) when (NodeStart.ExitCodeOf(failure) is not null)
        {
            if (node is not null) await node.DisposeAsync().ConfigureAwait(false);
            return Refuse(NodeStart.ExitCodeOf(failure)!.Value, failure.Message);
        }

        using var watches = new LoneWatches(node);
        if (cluster is null) host.Dispatcher.Watch(watches.Wake);
        using var idleMemory = new IdleMemory(TimeProvider.System);
        IReadOnlyCollection<string> addresses = host.Addresses;
        LogServing(events, addresses, options.AdvertisedApi, options.RaftDir, Version);
        host.Serve(new NodeShard(node));
        notices.TellReady(host.ReadyLine);

        await Task.WhenAny(stop, node.Ended).ConfigureAwait(false);
        return node.Ended.IsCompleted ? await EndAsync(host, node).ConfigureAwait(false) : await StopAsync(host, cluster, node, stop.Result).ConfigureAwait(false);
    }

    private async Task<int> StopAsync(ApiHost host, ClusterPart? cluster, ShardNode node, PosixSignal signal)
    {
        LogStopping(events, signal);
        notices.TellStopping($"{signal}: stopping");
        try
        {
            await Task.Run(async () =>
            {
                // Not after the drain: a slow client must not keep the shard without a leader that can be reached.
                host.AnnounceStop();
                await node.HandOverAsync(HandOverDeadline).ConfigureAwait(false);
                await host.StopAsync(RequestsDeadline).ConfigureAwait(false);
                if (cluster is not null) await cluster.StopAsync(ClusterDeadline).ConfigureAwait(false);
                await node.StopAsync(NodeDeadline).ConfigureAwait(false);
                await node.DisposeAsync().ConfigureAwait(false);
            }).WaitAsync(StopDeadline).ConfigureAwait(false);
            LogStopped(events);
        }
        catch (TimeoutException)
        {
            LogCutOff(events); // as safe as kill -9, and no safer
        }

        return ExitCode.Stopped;
    }

    private async Task<int> EndAsync(ApiHost host, ShardNode node)
    {
        NodeEnd end = await node.Ended.ConfigureAwait(false);
        LogEnded(events, end.Reason, end.Detail); // at once, should the end itself hang, and once more when all else was said
        ended = end;
        notices.TellStopping($"must end ({end.Reason}): {end.Detail}");
        try
        {
            await host.StopAsync(EndDeadline).ConfigureAwait(false);
            await Task.Run(async () => await node.DisposeAsync().ConfigureAwait(false)).WaitAsync(EndDeadline).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A disk that hangs holds its thread; the process ends without it.
        }

        return NodeStart.ExitCodeOf(end.Reason);
    }

    private int Refuse(int exitCode, string words)
    {
        errors.WriteLine($"gache: {words.ReplaceLineEndings(" ")}");
        return exitCode;
    }

    private static ApiSettings SettingsOf(ServerOptions options) => new()
    {
        MaxValueBytes = options.MaxValueBytes,
        AdvertisedApi = options.AdvertisedApi.ToString(),
        AllowedHosts = options.AllowedHosts,
        AllowedOrigins = options.AllowedOrigins,
        Routing = options.Routing,
        ForwardTimeout = options.RequestTimeout + TimeSpan.FromSeconds(1),
        OtlpEndpoint = options.OtlpEndpoint,
        IsAccessLogged = options.IsAccessLogged,
        SlowRequest = options.SlowRequest,
        LoggedKeys = options.LoggedKeys,
        Version = Version,
    };

    [LoggerMessage(EventId = 501, Level = LogLevel.Information, Message = "serving on {Addresses}, told to others as {Advertised}; data in {Folder}; gache {Version}")]
    private static partial void LogServing(ILogger log, IReadOnlyCollection<string> addresses, HostPort advertised, string folder, string version);

    [LoggerMessage(EventId = 502, Level = LogLevel.Information, Message = "{Signal}: stopping; a second one ends at once")]
    private static partial void LogStopping(ILogger log, PosixSignal signal);

    [LoggerMessage(EventId = 503, Level = LogLevel.Information, Message = "stopped")]
    private static partial void LogStopped(ILogger log);

    [LoggerMessage(EventId = 504, Level = LogLevel.Warning, Message = "the stop took too long and was cut off; nothing acknowledged is lost by that")]
    private static partial void LogCutOff(ILogger log);

    [LoggerMessage(EventId = 505, Level = LogLevel.Critical, Message = "this node must end ({Reason}): {Detail}")]
    private static partial void LogEnded(ILogger log, NodeEndReason reason, string detail);
}
