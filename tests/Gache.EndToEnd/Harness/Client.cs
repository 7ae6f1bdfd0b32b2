using System.Net.Sockets;

namespace Gache.EndToEnd.Harness;

/// <summary>Speaks HTTP as <c>curl</c> does: <see cref="SendAsync"/> without, <see cref="FollowAsync"/> with <c>-L</c>.</summary>
internal sealed class Client : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly HttpClient http;

    /// <param name="timeout">For one request; by default above the server's own, so that the server's answer is seen.</param>
    public Client(TimeSpan? timeout = null) => http = new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
    })
    {
        Timeout = timeout ?? TimeSpan.FromSeconds(10),
    };

    /// <summary>One request, one answer, whatever it is.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string url, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null) request.Content = new ByteArrayContent(body);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            byte[] bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Dictionary<string, string> all = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            return new Answer((int)response.StatusCode, bytes, all, OutcomeOf((int)response.StatusCode));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is OperationCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            // Also where the connect failed: HttpClient may have sent the request before, on a connection that was then closed.
            return new Answer(0, [], new Dictionary<string, string>(), Outcome.Unknown, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>The same, following 307 as <c>curl -L</c> does.</summary>
    public async Task<Answer> FollowAsync(HttpMethod method, string url, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        for (int redirects = 0; ; redirects++)
        {
            Answer answer = await SendAsync(method, url, body, headers);
            if (answer.Status != 307 || redirects == MaxRedirects) return answer;
            url = answer.Location!;
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>The contract: all but success and 504 had no effect.</summary>
    private static Outcome OutcomeOf(int status) => status switch
    {
        >= 200 and < 300 => Outcome.Done,
        504 or 500 => Outcome.Unknown,
        _ => Outcome.NotApplied,
    };
}
