using System.IO.Compression;
using System.Reflection;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Docs;

/// <summary><c>/docs/scalar.js</c>: Scalar's script, which shows an OpenAPI document, out of its package; nothing of it is loaded before somebody asks.</summary>
internal static class ScalarScript
{
    /// <summary>Where it is.</summary>
    public const string Path = "/docs/scalar.js";

    private const string Resource = "ScalarStaticAssets.scalar.js"; // compressed

    private static readonly StringValues JavaScript = "text/javascript; charset=utf-8";

    private static Assembly Package => typeof(Scalar.AspNetCore.ScalarOptions).Assembly;

    /// <summary>Answers.</summary>
    public static Task AnswerAsync(HttpContext context) => Page.RefuseUnlessRead(context) ?? SendAsync(context);

    private static async Task SendAsync(HttpContext context)
    {
        using Stream compressed = Package.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"{Package.GetName()} has no {Resource}");
        HttpResponse response = context.Response;
        response.Headers.ContentType = JavaScript;
        bool isTakenAsItIs = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (isTakenAsItIs)
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = compressed.Length;
        }

        if (context.Request.Method == HttpMethods.Head) return;
        using Stream sent = isTakenAsItIs ? compressed : new GZipStream(compressed, CompressionMode.Decompress);
        await sent.CopyToAsync(response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
