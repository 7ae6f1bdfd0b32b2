using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http;

/// <summary>The request target as it stood on the request line.</summary>
internal static class RawTarget
{
    /// <summary>The raw target of the request.</summary>
    public static string Of(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
}
