using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Gache.Server.Http.Problems;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Docs;

/// <summary><c>/docs</c>: <see cref="Operations"/> as a page for people; made when somebody asks, and not kept.</summary>
/// <remarks>
/// The page itself has no script and can be read as it is. Where scripts run Scalar shows <c>/openapi.json</c> in its place (<see cref="ScalarScript"/>).
/// Nothing comes from another host, whatever the script would like: the Content-Security-Policy names this one alone.
/// </remarks>
internal sealed class DocsPage(ApiSettings settings)
{
    private const string Start =
        "if(window.Scalar){document.getElementById('plain').hidden=true;" // else the page stays: the script did not arrive
        + "Scalar.createApiReference('#app',{url:'/openapi.json',servers:[{url:location.origin}],withDefaultFonts:false,telemetry:false,hideClientButton:true,showDeveloperTools:'never',agent:{disabled:true},mcp:{disabled:true}})}";

    private static readonly string Policy =
        $"default-src 'none'; script-src 'self' 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Start)))}'; "
        + "style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'";

    private const string Style =
        "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        + "code,pre{font:13px ui-monospace,monospace}pre{padding:.6rem;overflow:auto;border:1px solid #8884;border-radius:4px}"
        + "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}"
        + "h3 b{display:inline-block;min-width:4.5rem}summary{cursor:pointer}";

    private static readonly StringValues Html = "text/html; charset=utf-8";

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        if (Page.RefuseUnlessRead(context) is { } refused) return refused;
        context.Response.Headers.ContentSecurityPolicy = Policy;
        return Page.SendAsync(context, Html, Encoding.UTF8.GetBytes(Write()));
    }

    private string Write()
    {
        var page = new StringBuilder(64 * 1024);
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>gache {Text(settings.Version)}</title><style>{Style}</style><body><div id=app></div><div id=plain>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>gache {Text(settings.Version)}</h1><p>The HTTP API of this node. For programs: <a href=/openapi.json>/openapi.json</a>. Errors stand <a href=#errors>at the end</a>.");
        foreach (IGrouping<string, Operation> group in Operations.All.Where(operation => operation.Method != "HEAD").GroupBy(operation => operation.Group))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Text(group.Key)}</h2>");
            foreach (Operation operation in group) Write(page, operation);
        }

        page.Append("<h2 id=errors>Errors</h2><table><tr><th>status<th>code<th>what<th>outcome<th>retryable");
        foreach (Problem problem in ProblemTable.All)
            Row(page, problem.Status.ToString(CultureInfo.InvariantCulture), Code(problem.Code), Text(problem.Title), problem.Outcome, problem.IsRetryable ? "yes" : "no");
        page.Append(CultureInfo.InvariantCulture, $"</table></div><script src={ScalarScript.Path}></script><script>{Start}</script></html>\n");
        return page.ToString();
    }

    private void Write(StringBuilder page, Operation operation)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h3><b>{operation.Method}</b> <code>{Text(operation.Path)}</code></h3><p>{Text(operation.Summary)}. {Text(operation.Words)}");
        if (operation.Curl.Length > 0) page.Append(CultureInfo.InvariantCulture, $"<pre>curl {Text(operation.Curl.Replace("ADDRESS", settings.AdvertisedApi, StringComparison.Ordinal))}</pre>");
        page.Append("<table>");
        foreach (Parameter parameter in operation.Parameters) Row(page, Code(parameter.Name), parameter.Place.ToString().ToLowerInvariant(), Text(parameter.Words));
        if (operation.Body is { } body)
        {
            Row(page, "body", Code(body.Type), Text(body.Words));
            foreach ((string name, string type, string words) in body.Fields) Row(page, Code(name), type, Text(words));
        }

        page.Append("</table><table>");
        foreach (Answer answer in operation.Answers)
        {
            string headers = string.Concat(answer.Headers.Select(header => $"; {Code(header.Name)}: {Text(header.Words)}"));
            Row(page, answer.Status.ToString(CultureInfo.InvariantCulture), answer.Body is { } carried ? Code(carried.Type) : "", Text(answer.Words) + headers);
        }

        page.Append("</table><details><summary>errors</summary><p>");
        page.AppendJoin(", ", operation.Problems.Concat(Operations.Everywhere).OrderBy(problem => problem.Status).Select(problem => $"{problem.Status} {Code(problem.Code)}"));
        page.Append("</details>");
    }

    private static void Row(StringBuilder page, params string[] cells)
    {
        page.Append("<tr>");
        foreach (string cell in cells) page.Append("<td>").Append(cell);
    }

    private static string Code(string text) => $"<code>{Text(text)}</code>";

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
