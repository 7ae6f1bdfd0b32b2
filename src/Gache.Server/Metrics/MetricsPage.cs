using Gache.Server.Http;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Gache.Server.Metrics;

/// <summary><c>/metrics</c>: the one file that knows the Prometheus exporter, which is a beta package.</summary>
internal sealed class MetricsPage(IApplicationBuilder app)
{
    // Series of one name, such as an answer's methods and statuses. The library reserves room for all of them: 2,000 of each name unless told, 6 MB in all.
    private static readonly MetricStreamConfiguration Series = new() { CardinalityLimit = 256 };

    private readonly RequestDelegate exporter = app.New().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();

    /// <summary>Registers the exporter for the meter of this program.</summary>
    public static void AddTo(IServiceCollection services, string version) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.Clear().AddService("gache", serviceVersion: version, autoGenerateServiceInstanceId: false))
        .WithMetrics(metrics => metrics.AddMeter(NodeMetrics.MeterName).AddView(_ => Series).AddPrometheusExporter());

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context) => Page.RefuseUnlessRead(context) ?? exporter(context);
}
