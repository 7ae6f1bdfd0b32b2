using OpenTelemetry.Metrics;

namespace Gache.Server.Metrics;

/// <summary><c>/metrics</c>: the one file that knows the Prometheus exporter, which is a beta package.</summary>
internal static class MetricsPage
{
    /// <summary>Registers the exporter for the meters of this program.</summary>
    public static void AddTo(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter("gache")
        .AddPrometheusExporter());

    /// <summary>The page, as something the dispatcher can call.</summary>
    public static RequestDelegate Build(IApplicationBuilder app) =>
        app.New().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
}
