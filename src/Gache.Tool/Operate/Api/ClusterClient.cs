using System.Net.Http.Headers;
using Gache.Primitives;

namespace Gache.Tool.Operate.Api;

/// <summary>Asks one node, as any client does.</summary>
/// <param name="at">Its API address, <c>HOST:PORT</c>.</param>
internal sealed class ClusterClient(string at) : IDisposable
{
    /// <summary>A change is answered when it is committed; a node gives up on that sooner.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>Above the longest answer of a cluster whose slots are all on their way.</summary>
    private const int MaxAnswerBytes = 16 * 1024 * 1024;

    private readonly HttpClient http = new(new ConnectFaults(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        MaxAutomaticRedirections = 2,
        PooledConnectionLifetime = TimeSpan.Zero, // on a kept connection the class may send a request twice by itself
    }))
    {
        Timeout = Timeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    /// <summary>The address asked.</summary>
    public string At => at;

    /// <summary>Reads a page.</summary>
    public Task<Reply> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    /// <summary>Sends a request.</summary>
    public Task<Reply> SendAsync(Request request, CancellationToken cancel) => SendAsync(request.Method, request.Path, request.Body, cancel);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<Reply> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(method, new Uri($"http://{at}{path}"));
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using HttpResponseMessage answer = await http.SendAsync(message, cancel).ConfigureAwait(false);
            return new Reply(at, (int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false));
        }
        catch (HttpRequestException failure)
        {
            return new Reply(at, 0, [], failure.InnerException?.Message ?? failure.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Reply(at, 0, [], $"no answer within {Timeout.TotalSeconds:0} s");
        }
    }
}
