using System.Net;
using Gache.Server.Http.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http;

/// <summary>Keeps pages of other origins from using a visitor's browser as a client (http-api: <c>cross-origin</c>).</summary>
/// <remarks>curl and programs send neither <c>Origin</c> nor <c>Sec-Fetch-Site</c>; for them this costs a look at the Host.</remarks>
internal sealed class OriginRule(ApiSettings settings)
{
    private const string AllowedMethods = "GET, HEAD, POST, PUT, DELETE";
    private const string AllowedHeaders = "Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID";
    private const string ExposedHeaders = "ETag, Gache-Revision, Gache-Expires-In, Gache-Retry-After-Ms, Location, Retry-After";
    private const string SecFetchSite = "Sec-Fetch-Site";

    // The last Host found good: clients of one node nearly always send the same one.
    private volatile string? lastGoodHost;

    /// <summary>Answers a request that must not go on: a refused one, or a preflight.</summary>
    /// <returns>Null if the request may go on.</returns>
    public Task? Check(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        string host = headers.Host.ToString();
        if (!IsGoodHost(context, host))
        {
            return Refuse(
                context, $"the Host '{host}' is no name of this machine's loopback; if a proxy or a hosts file means it, start with --allowed-hosts");
        }

        if (headers.Origin.Count > 0) return CheckOrigin(context, headers.Origin.ToString(), host);
        return headers.TryGetValue(SecFetchSite, out var site) && site == "cross-site"
            ? Refuse(context, "a page of another site asked (Sec-Fetch-Site: cross-site); --allow-origin lets an origin in")
            : null;
    }

    /// <summary>Answers a GET that changes something (the original program joins so) where a page elsewhere may be behind it: a picture's address,
    /// or a script's, which browsers ask for without an <c>Origin</c>.</summary>
    /// <remarks>
    /// Over plain HTTP beyond loopback browsers leave out <c>Sec-Fetch-Site</c>, and a page can make them leave out <c>Referer</c>; but they
    /// always say <c>Accept-Language</c>, which no program does by itself.
    /// </remarks>
    /// <returns>Null if the request may go on.</returns>
    public static Task? CheckChangingGet(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers.Origin.Count > 0) return null; // judged already, by Check
        string site = headers[SecFetchSite].ToString();
        string referer = headers.Referer.ToString();
        bool isOurs = site.Length > 0
            ? site is "same-origin" or "none"
            : referer.Length > 0 ? IsOrigin(referer, headers.Host.ToString()) : headers.AcceptLanguage.Count == 0;
        return isOurs ? null : Refuse(context, "a browser asked, perhaps for a page of another origin, and this GET changes something: use POST");
    }

    private static bool IsOrigin(string page, string host) =>
        Uri.TryCreate(page, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && (uri.Authority == host || $"{uri.Host}:{uri.Port}" == host);

    private Task? CheckOrigin(HttpContext context, string origin, string host)
    {
        // Same origin, spelt by the browser as scheme and Host.
        if (origin.StartsWith("http", StringComparison.Ordinal) && (origin == "http://" + host || origin == "https://" + host)) return null;
        if (!settings.AllowedOrigins.Contains(origin) && !settings.AllowedOrigins.Contains("*"))
            return Refuse(context, $"a page of the origin '{origin}' asked; --allow-origin {origin} lets it in");

        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = "Origin";
        headers.AccessControlExposeHeaders = ExposedHeaders;
        if (context.Request.Method != HttpMethods.Options || context.Request.Headers.AccessControlRequestMethod.Count == 0) return null;

        headers.AccessControlAllowMethods = AllowedMethods;
        headers.AccessControlAllowHeaders = AllowedHeaders;
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Over loopback the Host must be a loopback name: another one means a page whose name was pointed at 127.0.0.1.</summary>
    private bool IsGoodHost(HttpContext context, string host)
    {
        if (host == lastGoodHost || host.Length == 0) return true; // only HTTP/1.0 may leave it out, and no browser does
        string name = HostNames.WithoutPort(host);
        if (HostNames.IsLoopback(name)
            || settings.AllowedHosts.Contains(name.ToLowerInvariant())
            || string.Equals(host, settings.AdvertisedApi, StringComparison.OrdinalIgnoreCase))
        {
            lastGoodHost = host;
            return true;
        }

        return context.Features.Get<IHttpConnectionFeature>()?.LocalIpAddress is { } local && !IPAddress.IsLoopback(local);
    }

    private static Task Refuse(HttpContext context, string detail) => ProblemAnswer.SendAsync(context, ProblemTable.CrossOrigin, detail);
}
