using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Gache.Primitives;

namespace Gache.Tool.Locking;

/// <summary>What a node said of the lock, or that nothing is known.</summary>
internal enum LockVerdict
{
    /// <summary>Yes.</summary>
    Done,

    /// <summary>No, and that is final: somebody else holds it, or it is not ours any more.</summary>
    Declined,

    /// <summary>It was not carried out; the same may be asked again.</summary>
    NotNow,

    /// <summary>It may or may not have been carried out; the same may be asked again.</summary>
    Unknown,

    /// <summary>It never will be: the request itself is refused.</summary>
    Refused,
}

/// <summary>The end of one request.</summary>
/// <param name="Verdict">What came of it.</param>
/// <param name="Token">The key's revision, if it was taken.</param>
/// <param name="Words">Why not.</param>
/// <param name="RetryAfter">When to ask again.</param>
internal readonly record struct LockAnswer(LockVerdict Verdict, ulong Token, string Words, TimeSpan RetryAfter);

/// <summary>Asks nodes to take, renew and give back one lock. Every request may be repeated as it is: a repeat gets the first answer.</summary>
internal sealed class LockClient(LockOptions options) : IDisposable
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10); // beyond what a node itself takes to answer
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly byte[] Holder = Encoding.UTF8.GetBytes($"{Environment.MachineName}:{Environment.ProcessId}\n");

    private readonly string path = $"/key/{Uri.EscapeDataString(options.Name)}";
    private readonly HttpClient http = new(new ConnectFaults(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        MaxAutomaticRedirections = 5,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ConnectCallback = ConnectAsync,
    }))
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private int turn;

    /// <summary>Takes the lock, or waits for it at most so long (at most five minutes a request).</summary>
    public Task<LockAnswer> TakeAsync(string id, TimeSpan wait, CancellationToken cancel)
    {
        if (wait > LongestWait) wait = LongestWait;
        string waiting = wait > TimeSpan.Zero ? $"&wait={Milliseconds(wait)}" : "";
        return AskAsync(HttpMethod.Put, $"?ttl={Milliseconds(options.Ttl)}{waiting}", Holder, id, "If-None-Match", "*", wait + Slack, cancel);
    }

    /// <summary>Sets the time that is left to the whole again, if the lock is ours.</summary>
    public Task<LockAnswer> RenewAsync(ulong token, TimeSpan within) =>
        AskAsync(HttpMethod.Post, $"?touch={Milliseconds(options.Ttl)}", [], null, "If-Match", Tag(token), within, CancellationToken.None);

    /// <summary>Gives the lock back, if it is ours.</summary>
    public Task<LockAnswer> GiveBackAsync(string id, ulong token, TimeSpan within) =>
        AskAsync(HttpMethod.Delete, "", null, id, "If-Match", Tag(token), within, CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<LockAnswer> AskAsync(
        HttpMethod method, string query, byte[]? body, string? id, string condition, string value, TimeSpan within, CancellationToken cancel)
    {
        string server = options.Servers[turn % options.Servers.Count];
        using var request = new HttpRequestMessage(method, new Uri($"http://{server}{path}{query}"));
        if (body is not null) request.Content = new ByteArrayContent(body);
        request.Headers.TryAddWithoutValidation(condition, value);
        if (id is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", id);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(within);
        LockAnswer answer;
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, patience.Token).ConfigureAwait(false);
            answer = Read(response, $"{server}: {await response.Content.ReadAsStringAsync(patience.Token).ConfigureAwait(false)}");
        }
        catch (HttpRequestException failure)
        {
            answer = new LockAnswer(LockVerdict.Unknown, 0, $"{server}: {failure.InnerException?.Message ?? failure.Message}", Pause);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            answer = new LockAnswer(LockVerdict.Unknown, 0, $"{server}: no answer", Pause);
        }

        if (answer.Verdict is LockVerdict.Unknown or LockVerdict.NotNow) turn++; // another may know more
        return answer;
    }

    private static LockAnswer Read(HttpResponseMessage response, string words)
    {
        int status = (int)response.StatusCode;
        LockVerdict verdict = status switch
        {
            200 or 201 or 204 => LockVerdict.Done,
            404 or 412 => LockVerdict.Declined,
            429 or 503 or 507 or 508 => LockVerdict.NotNow,
            408 or >= 500 => LockVerdict.Unknown, // also what a proxy says in between
            307 => LockVerdict.NotNow, // nodes point at each other: they do not agree yet
            _ => LockVerdict.Refused,
        };
        TimeSpan retryAfter = Pause;
        if (Header(response, "Gache-Retry-After-Ms") is { } told && int.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds))
            retryAfter = TimeSpan.FromMilliseconds(milliseconds);
        _ = ulong.TryParse(Header(response, "Gache-Revision"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong token);
        return new LockAnswer(verdict, token, words.Trim(), retryAfter);
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private static string Tag(ulong token) => string.Create(CultureInfo.InvariantCulture, $"\"{token}\"");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)time.TotalMilliseconds)}ms");

    /// <summary>A wait is silent for minutes: only the kernel's own probes find out that the other machine is gone.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 2);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
