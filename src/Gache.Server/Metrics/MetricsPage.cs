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

    /// <summary>What is shown beside what the meter has.</summary>
    public Func<IEnumerable<NamedHistogram>> Histograms { get; set; } = static () => [];

    /// <summary>Registers the exporter for the meter of this program.</summary>
    public static void AddTo(IServiceCollection services, string version) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource.Clear().AddService("gache", serviceVersion: version, autoGenerateServiceInstanceId: false))
        .WithMetrics(metrics => metrics.AddMeter(NodeMetrics.MeterName).AddView(_ => Series).AddPrometheusExporter());

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context) => Page.RefuseUnlessRead(context) ?? SendAsync(context);

    private async Task SendAsync(HttpContext context)
    {
        using var exported = new MemoryStream();
        HttpResponse response = context.Response;
        Stream client = response.Body;
        response.Body = exported;
        try
        {
            await exporter(context).ConfigureAwait(false);
        }
        finally
        {
            response.Body = client;
        }

        byte[] whole = HistogramText.Append(exported.GetBuffer().AsSpan(0, (int)exported.Length), Histograms());
        await Page.SendAsync(context, response.Headers.ContentType, whole).ConfigureAwait(false);
    }
}
