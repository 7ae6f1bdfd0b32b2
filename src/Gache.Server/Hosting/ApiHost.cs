using System.Net;
using Gache.Server.Http;
using Gache.Server.Http.Cluster;
using Gache.Server.Metrics;
using Gache.Server.Tracing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Gache.Server.Hosting;

/// <summary>The API port: Kestrel with the one dispatcher and no other middleware.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Dispatcher dispatcher;
    private readonly HttpClient joinClient;
    private readonly NodeMetrics metrics;
    private RequestTracing? tracing;

    private ApiHost(ApiSettings settings, WebApplication app, Dispatcher dispatcher, HttpClient joinClient, HttpCounters counters, MetricsPage page)
    {
        Settings = settings;
        this.app = app;
        this.dispatcher = dispatcher;
        this.joinClient = joinClient;
        metrics = new NodeMetrics(settings.Version, () => dispatcher.Shard, () => ClusterFigures, counters);
        page.Histograms = metrics.Histograms;
    }

    /// <summary>What the endpoints know of the options.</summary>
    public ApiSettings Settings { get; }

    /// <summary>What answers requests.</summary>
    public Dispatcher Dispatcher => dispatcher;

    /// <summary>The same, with a span around it where spans are told; those that other nodes pass on go there as well.</summary>
    public required RequestDelegate Answer { get; init; }

    /// <summary>What the node of a cluster counts; null for a node whose cluster is its shard.</summary>
    public ClusterFigures? ClusterFigures { get; set; }

    /// <summary>Where it listens.</summary>
    public IReadOnlyCollection<string> Addresses => [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Binds the port and answers; keys are refused until <see cref="Serve"/>.</summary>
    /// <param name="settings">What the endpoints must know.</param>
    /// <param name="addresses">Where to listen; none means both loopback addresses.</param>
    /// <param name="port">The port; 0 for any, with addresses only.</param>
    /// <param name="log">Where log lines go.</param>
    /// <param name="microseconds">The clock that requests are measured with; null for the machine's.</param>
    /// <exception cref="IOException">The port is in use, or the address is none of this machine's.</exception>
    public static async Task<ApiHost> StartAsync(ApiSettings settings, IReadOnlyList<IPAddress> addresses, int port, ILoggerFactory log, Func<long>? microseconds = null)
    {
        // An empty builder reads no files and no environment: every setting of ours is in the options table.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        MetricsPage.AddTo(builder.Services, settings.Version);
        var counters = new HttpCounters();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true); // no handler blocks (performance.md)
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            ApiListeners.Bound(kestrel);
            ApiListeners.Listen(kestrel, addresses, port, counters);
        });

        WebApplication app = builder.Build();
        HttpClient joinClient = JoinClient.CreateHttpClient();
        var page = new MetricsPage(app);
        var dispatcher = new Dispatcher(settings, new JoinHop(joinClient), counters, page, log.CreateLogger<Dispatcher>(), microseconds);
        var tracing = RequestTracing.Open(settings.OtlpEndpoint, settings);
        RequestDelegate answer = tracing is null ? dispatcher.AnswerAsync : RequestTracing.Around(dispatcher.AnswerAsync);
        app.Run(answer);
        var host = new ApiHost(settings, app, dispatcher, joinClient, counters, page) { Answer = answer, tracing = tracing };
        try
        {
            await app.StartAsync().ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lets requests through to the shard.</summary>
    public void Serve(IShard shard) => dispatcher.Serve(shard);

    /// <summary>From now on <c>/readyz</c> says that the node is stopping.</summary>
    public void AnnounceStop() => dispatcher.BeginStop();

    /// <summary>What <c>/readyz</c> says, in one line.</summary>
    public string ReadyLine() => string.Join("; ", dispatcher.JudgeReadiness().Lines);

    /// <summary>Takes no new connections and lets the requests under way end; what is left at the deadline is cut off.</summary>
    public async Task StopAsync(TimeSpan deadline)
    {
        AnnounceStop();
        using var end = new CancellationTokenSource(deadline);
        await app.StopAsync(end.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        joinClient.Dispose();
        metrics.Dispose();
        tracing?.Dispose();
    }
}
