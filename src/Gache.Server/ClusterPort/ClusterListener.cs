using System.Net;
using System.Net.Sockets;
using Gache.Cluster;
using Gache.Replication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Gache.Server.ClusterPort;

/// <summary>The cluster port: Kestrel's sockets and connections, without its HTTP.</summary>
/// <remarks>It is opened before the data folder, so that a port in use is told first; until <see cref="Serve"/> it closes what dials.</remarks>
internal sealed partial class ClusterListener : IAsyncDisposable
{
    /// <summary>Open connections; the next one is closed at once (P10).</summary>
    public const int MaxConnections = 1_024;

    /// <summary>What is read ahead of a connection whose requests are not taken yet, in bytes.</summary>
    private const int ReadAheadBytes = 128 * 1024;

    private readonly KestrelServer kestrel;
    private readonly ListenOptions bound;
    private readonly ILogger log;
    private readonly ClusterConnections connections;

    private ClusterListener(KestrelServer kestrel, ListenOptions bound, ClusterConnections connections, ILogger log)
    {
        this.kestrel = kestrel;
        this.bound = bound;
        this.connections = connections;
        this.log = log;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => bound.IPEndPoint!;

    /// <summary>Opens the port.</summary>
    /// <param name="address">Where to listen; port 0 takes a free one.</param>
    /// <param name="allowNonLoopback">Whether other machines may reach it, in clear text (<c>--insecure-cluster</c>).</param>
    /// <param name="loggers">Where log lines go.</param>
    /// <exception cref="TransportListenException">The address is in use, not ours, or reachable by others without leave.</exception>
    public static async Task<ClusterListener> StartAsync(HostPort address, bool allowNonLoopback, ILoggerFactory loggers)
    {
        IPAddress ip = await ResolveAsync(address).ConfigureAwait(false);
        if (!allowNonLoopback && !IPAddress.IsLoopback(ip))
        {
            throw new TransportListenException(ListenFailure.NotLoopback,
                $"the cluster address {address} is reachable from other machines, and the peer port trusts whoever reaches it; "
                + "use a loopback address, or say --insecure-cluster if the network is yours alone");
        }

        ILogger<ClusterListener> log = loggers.CreateLogger<ClusterListener>();
        var connections = new ClusterConnections(log);
        ListenOptions? bound = null;
        var options = new KestrelServerOptions { ApplicationServices = new ServiceCollection().AddSingleton(loggers).BuildServiceProvider() };
        options.Listen(ip, address.Port, listen =>
        {
            bound = listen;
            listen.Run(connections.ServeAsync);
        });
        var transport = new SocketTransportFactory(new OptionsWrapper<SocketTransportOptions>(new SocketTransportOptions { MaxReadBufferSize = ReadAheadBytes }), loggers);
        var kestrel = new KestrelServer(new OptionsWrapper<KestrelServerOptions>(options), transport, loggers);
        try
        {
            await kestrel.StartAsync(new NoHttp(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (Hosting.BindFailure.Is(failure))
        {
            kestrel.Dispose();
            throw Unavailable(address, failure);
        }

        LogListening(log, bound!.IPEndPoint!);
        return new ClusterListener(kestrel, bound, connections, log);
    }

    /// <summary>Hands connections to this end from now on; to be called once, when the node has an id.</summary>
    public void Serve(CallServer server) => connections.Server = server;

    /// <summary>Takes no new connections and requests, and lets those under way end; what is left at the deadline is cut off.</summary>
    public async Task StopAsync(TimeSpan deadline)
    {
        connections.Server?.BeginStop();
        using var end = new CancellationTokenSource(deadline);
        await kestrel.StopAsync(end.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        kestrel.Dispose();
    }

    private static async Task<IPAddress> ResolveAsync(HostPort address)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(address.Host).ConfigureAwait(false)).OrderBy(ip => ip.AddressFamily).First();
        }
        catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
        {
            throw new TransportListenException(ListenFailure.BadAddress, $"the host of the cluster address {address} has no IP address", e);
        }
    }

    private static TransportListenException Unavailable(HostPort address, Exception failure) => failure.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } e =>
            new TransportListenException(ListenFailure.AddressInUse, $"the cluster address {address} is in use by another process", e),
        Exception e => new TransportListenException(ListenFailure.AddressUnavailable, $"cannot listen on the cluster address {address}: {e.Message}", e),
    };

    [LoggerMessage(EventId = 340, Level = LogLevel.Information, Message = "cluster port: listening on {Address}")]
    private static partial void LogListening(ILogger log, IPEndPoint address);

    /// <summary>Kestrel asks for an application; none of its connections gets as far as HTTP.</summary>
    private sealed class NoHttp : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public Task ProcessRequestAsync(object context) => Task.CompletedTask;

        public void DisposeContext(object context, Exception? exception)
        {
        }
    }
}
