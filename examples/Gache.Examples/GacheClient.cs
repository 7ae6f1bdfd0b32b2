using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Gache.Examples;

/// <summary>An answer that is known: no 503, no 504, no lost connection.</summary>
/// <param name="Status">The HTTP status; 0 if nobody answered within the patience.</param>
/// <param name="Body">The body.</param>
/// <param name="Revision">The key's revision; 0 if the answer tells none.</param>
internal sealed record GacheAnswer(int Status, string Body, ulong Revision);

/// <summary>An event of a watch.</summary>
/// <param name="Id">Where to go on after it.</param>
/// <param name="Name">What it tells; of the end of a stream why it ends, as the problem's code.</param>
/// <param name="Data">The rest.</param>
internal sealed record GacheEvent(string Id, string Name, JsonElement Data)
{
    /// <summary>The change's revision.</summary>
    public ulong Revision => Data.GetProperty("revision").GetUInt64();
}

/// <summary>Asks gache, and repeats a request as it was until its answer is known.</summary>
/// <remarks>
/// A write has one Idempotency-Key for all its repeats, so it takes effect once, and a repeat gets the answer of the first. 503 and 429 are repeated
/// because nothing happened, 504 and lost connections because nobody knows. (HttpClient may itself send a request twice: the key makes that harmless.)
/// </remarks>
/// <param name="servers">Whom to ask, <c>host:port</c> each; the next one when one does not answer.</param>
internal sealed class GacheClient(IReadOnlyList<string> servers) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan OneAnswer = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(25); // a watch tells something every ten

    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = Timeout.InfiniteTimeSpan };
    private int turn;

    /// <summary>The nodes that the environment names.</summary>
    public static GacheClient FromEnvironment() => new((Environment.GetEnvironmentVariable("GACHE") ?? "localhost:8000").Split(','));

    /// <summary>Asks until the answer is known.</summary>
    /// <param name="method">The method.</param>
    /// <param name="key">The key, as it is.</param>
    /// <param name="query">With its question mark; empty for none.</param>
    /// <param name="body">The value; null for none.</param>
    /// <param name="condition"><c>If-Match: 7</c> or <c>If-None-Match: *</c>; null for none.</param>
    /// <param name="wait">How long the server may wait, as the query says it.</param>
    /// <param name="patience">How long to repeat; zero for a single try.</param>
    /// <param name="cancel">Nobody wants the answer any more.</param>
    public async Task<GacheAnswer> AskAsync(
        HttpMethod method, string key, string query = "", string? body = null, string? condition = null, TimeSpan wait = default,
        TimeSpan? patience = null, CancellationToken cancel = default)
    {
        string id = Guid.NewGuid().ToString("N");
        long until = Environment.TickCount64 + (long)(patience ?? TimeSpan.FromSeconds(30)).TotalMilliseconds;
        while (true)
        {
            GacheAnswer answer = await TryAsync(method, key, query, body, condition, id, wait + OneAnswer, cancel).ConfigureAwait(false);
            if (answer.Status is not (0 or 429 or >= 500)) return answer;
            turn++;
            if (Environment.TickCount64 >= until) return answer;
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Watches a key at one node until the stream ends; the next call asks the next node.</summary>
    /// <param name="key">The key, as it is.</param>
    /// <param name="after">The id of the last event that is known; null: from now on.</param>
    /// <param name="cancel">Nobody wants to know any more.</param>
    /// <exception cref="HttpRequestException">The node does not answer.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">Nothing came for too long, or it was cancelled.</exception>
    public async IAsyncEnumerable<GacheEvent> WatchAsync(string key, string? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{servers[turn++ % servers.Count]}/watch?key={Uri.EscapeDataString(key)}"));
        if (after is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", after);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silence.CancelAfter(Silence);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false); // follows 307
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false));
        if (response.StatusCode != HttpStatusCode.OK)
        {
            JsonElement problem = JsonElement.Parse(await lines.ReadToEndAsync(silence.Token).ConfigureAwait(false));
            yield return new GacheEvent("", problem.GetProperty("code").GetString()!, problem);
            yield break;
        }

        (string id, string name) = ("", "");
        while (await lines.ReadLineAsync(silence.Token).ConfigureAwait(false) is { } line)
        {
            silence.CancelAfter(Silence);
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                JsonElement data = JsonElement.Parse(line[6..]);
                yield return new GacheEvent(id, name == "close" ? data.GetProperty("code").GetString()! : name, data);
            }
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<GacheAnswer> TryAsync(
        HttpMethod method, string key, string query, string? body, string? condition, string id, TimeSpan within, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri($"http://{servers[turn % servers.Count]}/key/{Uri.EscapeDataString(key)}{query}"));
        if (body is not null) request.Content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        request.Headers.Add("Idempotency-Key", id);
        if (condition?.Split(": ") is [var name, var value]) request.Headers.TryAddWithoutValidation(name, value);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(within);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, deadline.Token).ConfigureAwait(false); // follows 307
            string text = await response.Content.ReadAsStringAsync(deadline.Token).ConfigureAwait(false);
            ulong revision = response.Headers.TryGetValues("Gache-Revision", out IEnumerable<string>? told) ? ulong.Parse(told.First(), CultureInfo.InvariantCulture) : 0;
            bool isUnsettled = response.StatusCode == HttpStatusCode.TemporaryRedirect; // nodes point at each other
            return new GacheAnswer(isUnsettled ? 0 : (int)response.StatusCode, text, revision);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new GacheAnswer(0, failure.Message, 0);
        }
    }
}
