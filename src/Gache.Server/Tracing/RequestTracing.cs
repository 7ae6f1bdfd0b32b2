using System.Diagnostics;
using Gache.Server.Http;
using Gache.Server.Http.Docs;
using Gache.Server.Http.Routing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gache.Server.Tracing;

/// <summary>Spans of requests that are traced already, told by OTLP; the one file that knows its exporter. There is none without <c>--otlp-endpoint</c>.</summary>
/// <remarks>A request is traced when its client says so: a <c>traceparent</c> (W3C Trace Context) with the sampled flag. So a node adds spans to
/// traces that somebody looks at, and nothing to all the others.</remarks>
internal sealed class RequestTracing : IDisposable
{
    /// <summary>How long what was not told yet may take in the end: a collector that is gone must not hold up a stop.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private const string TracesPath = "/v1/traces";

    /// <summary>Makes the spans; none while nobody listens.</summary>
    public static readonly ActivitySource Source = new("gache");

    private readonly TracerProvider provider;

    private RequestTracing(TracerProvider provider) => this.provider = provider;

    /// <summary>Begins to tell spans.</summary>
    /// <param name="endpoint">The collector, without a path; null for none.</param>
    /// <param name="settings">Who tells.</param>
    /// <returns>Null without a collector.</returns>
    public static RequestTracing? Open(Uri? endpoint, ApiSettings settings)
    {
        if (endpoint is null) return null;
        return new RequestTracing(Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.Clear().AddService("gache", serviceVersion: settings.Version, serviceInstanceId: settings.AdvertisedApi))
            .AddSource(Source.Name)
            .SetSampler(new ParentBasedSampler(new AlwaysOffSampler()))
            .AddOtlpExporter(otlp => (otlp.Endpoint, otlp.Protocol) = (new Uri(endpoint, TracesPath), OtlpExportProtocol.HttpProtobuf))
            .Build());
    }

    /// <summary>Puts a span around what answers.</summary>
    public static RequestDelegate Around(RequestDelegate answer) => context =>
        context.Request.Headers.TraceParent is { Count: 1 } told && ActivityContext.TryParse(told, context.Request.Headers.TraceState, isRemote: true, out ActivityContext parent)
            ? TraceAsync(context, answer, parent)
            : answer(context);

    /// <inheritdoc/>
    public void Dispose()
    {
        provider.Shutdown((int)LastWords.TotalMilliseconds);
        provider.Dispose();
    }

    private static async Task TraceAsync(HttpContext context, RequestDelegate answer, ActivityContext parent)
    {
        using Activity? span = Source.StartActivity("request", ActivityKind.Server, parent);
        await answer(context).ConfigureAwait(false);
        if (span is null) return;

        string route = Operations.RouteOf(Target.Parse(RawTarget.Of(context)).Path); // without the key: spans leave the machine
        int status = context.Response.StatusCode;
        span.DisplayName = $"{context.Request.Method} {route}";
        span.SetTag("http.request.method", context.Request.Method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", status);
        span.SetTag("gache.hops", ForwardedHop.CountOf(context));
        if (status >= StatusCodes.Status500InternalServerError) span.SetStatus(ActivityStatusCode.Error);
    }
}
