using System.Net;
using Gache.Primitives;

namespace Gache.Tool.Playground;

/// <summary>Asks nodes whether every slot of the cluster is served.</summary>
internal sealed class ReadyProbe : IDisposable
{
    /// <summary>A node that lives answers much sooner.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private readonly HttpClient http = new(new ConnectFaults(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }))
    {
        Timeout = AnswerTimeout,
    };

    /// <summary>Asks <c>/readyz?scope=cluster</c> once.</summary>
    /// <returns>Null if it is 200, else why not.</returns>
    public async Task<string?> WhyNotReadyAsync(NodePlan node, CancellationToken cancel)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://{node.Api}/readyz?scope=cluster"), cancel).ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.OK) return null;
            string reasons = (await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)).Trim().ReplaceLineEndings("; ");
            return reasons.Length > 0 ? reasons : $"HTTP {(int)answer.StatusCode}";
        }
        catch (HttpRequestException)
        {
            return "does not answer";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "does not answer in time";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
