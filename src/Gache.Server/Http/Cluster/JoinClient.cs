using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Cluster;

/// <summary>Asks other nodes to take this one up, and what their folders hold. The caller repeats.</summary>
internal sealed class JoinClient(HttpClient client) : IJoinClient
{
    /// <summary>A member that is alive answers in this time; a join waits there for a commit at most.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>A report needs no disk and no other node, and a consent one small file; whoever is later agreed to the same at the next try.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The client that joins go out with: no proxy, no cookies, no redirects.</summary>
    public static HttpClient CreateHttpClient() => new(new ConnectFaults(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5), // joins are rare: keep nothing open
    }))
    {
        Timeout = Timeout,
        MaxResponseContentBufferSize = JoinText.MaxBytes,
    };

    /// <summary>Sends a join to <paramref name="api"/>.</summary>
    /// <exception cref="HttpRequestException">Nobody, or nobody who speaks HTTP, answered.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, string api, JoinRequest request, bool isPassedOn, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{api}/join"));
        message.Content = new ByteArrayContent(JoinText.Write(request));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (isPassedOn) message.Headers.Add(Headers.JoinHop, "1");
        return await client.SendAsync(message, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<JoinAnswer?> AskAsync(string apiAddress, JoinRequest request, CancellationToken cancel)
    {
        try
        {
            using HttpResponseMessage answer = await SendAsync(client, apiAddress, request, isPassedOn: false, cancel).ConfigureAwait(false);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            return Understand(answer.StatusCode, body);
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null; // the client's own timeout
        }
    }

    /// <inheritdoc/>
    public Task<FolderReport?> ReportAsync(string apiAddress, CancellationToken cancel) =>
        AskFolderAsync(token => client.GetAsync(FolderOf(apiAddress), token), cancel);

    /// <inheritdoc/>
    public Task<FolderReport?> AskConsentAsync(string apiAddress, FoundingConsent wanted, CancellationToken cancel) => AskFolderAsync(
        async token =>
        {
            using var body = new ByteArrayContent(FolderText.Write(wanted));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return await client.PostAsync(FolderOf(apiAddress), body, token).ConfigureAwait(false);
        }, cancel);

    private static async Task<FolderReport?> AskFolderAsync(Func<CancellationToken, Task<HttpResponseMessage>> ask, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(ReportTimeout);
        try
        {
            using HttpResponseMessage answer = await ask(limit.Token).ConfigureAwait(false);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK ? FolderText.Read(body) : FolderReport.Unclear;
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null; // it took too long
        }
    }

    private static Uri FolderOf(string apiAddress) => new($"http://{apiAddress}/join/folder");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ResolveAsync(string apiAddress, CancellationToken cancel)
    {
        if (!HostPort.TryParse(apiAddress, out HostPort address)) return [];
        if (IPAddress.TryParse(address.Host, out _)) return [apiAddress];
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(address.Host, cancel).WaitAsync(ReportTimeout, cancel).ConfigureAwait(false);
            return found.Length == 1 ? [apiAddress] : [.. found.Select(ip => (address with { Host = ip.ToString() }).ToString()).Distinct().Order(StringComparer.Ordinal)];
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException)
        {
            return [];
        }
    }

    private static JoinAnswer? Understand(HttpStatusCode status, byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            JsonElement root = json.RootElement;
            if (status == HttpStatusCode.Accepted
                && ClusterId.TryParse(Text(root, "cluster"), out ClusterId cluster)
                && ShardId.TryParse(Text(root, "shard"), out ShardId shard))
            {
                _ = NodeId.TryParse(Text(root, "id"), out NodeId node);
                SlotSet? slots = null;
                if (root.TryGetProperty("slots", out JsonElement pairs)) _ = JoinText.ReadSlots(pairs, out slots);
                return new JoinAnswer(null, JoinRefusal.None, "", cluster, shard, node) { Slots = slots ?? new SlotSet() };
            }

            string detail = Text(root, "detail") ?? status.ToString();
            return Text(root, "code") switch
            {
                null => null,
                "address-in-use" => new JoinAnswer(null, JoinRefusal.AddressInUse, detail),
                "not-reachable" => new JoinAnswer(null, JoinRefusal.NotReachable, detail),
                "wrong-shard" => new JoinAnswer(null, JoinRefusal.WrongShard, detail),
                "not-serving" => TryAgain(RefusalCode.NotServing, detail),
                "overloaded" => TryAgain(RefusalCode.Overloaded, detail),
                _ => TryAgain(RefusalCode.NoLeader, detail),
            };
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static JoinAnswer TryAgain(RefusalCode code, string detail) => new(new Refusal(code, detail), JoinRefusal.None, detail);
}
