using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Gache.EndToEnd.Harness;

/// <summary>One event of a watch.</summary>
internal sealed record WatchedEvent(string Id, string Name, JsonElement Data)
{
    public string Key => Data.GetProperty("key").GetString()!;

    public string? Value => Data.TryGetProperty("value", out JsonElement value) ? value.GetString() : null;

    public long Revision => Data.GetProperty("revision").GetInt64();
}

/// <summary>A client that watches as a browser's EventSource does: when its stream ends it goes on, here at any running node, with its last id.</summary>
internal sealed class Watching : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Task task;
    private volatile string? lastId;
    private int streams;
    private volatile CancellationTokenSource? stream;

    /// <summary>Begins to watch.</summary>
    /// <param name="nodes">Where; any that runs.</param>
    /// <param name="query">What: <c>prefix=</c>, <c>key=a</c>.</param>
    public Watching(IReadOnlyList<Node> nodes, string query) => task = Task.Run(() => RunAsync(nodes, query));

    /// <summary>All events in the order in which they came, over all streams.</summary>
    public ConcurrentQueue<WatchedEvent> Events { get; } = new();

    /// <summary>What was answered where no stream began, and what was not of the form of an event.</summary>
    public ConcurrentQueue<string> Oddities { get; } = new();

    public string? LastId => lastId;

    /// <summary>How many streams there were.</summary>
    public int Streams => Volatile.Read(ref streams);

    /// <summary>The changes: events that are of a key.</summary>
    public IEnumerable<WatchedEvent> Changes => Events.Where(e => e.Name is "put" or "delete" or "expire");

    /// <summary>Waits until the watch stands.</summary>
    public Task StandsAsync() => Wait.UntilAsync("the watch stands", () => Task.FromResult(Events.Any(e => e.Name == "ready")));

    /// <summary>Cuts the present stream; the next one goes on.</summary>
    public void Cut()
    {
        try
        {
            stream?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // it has ended by itself
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        http.Dispose();
    }

    private async Task RunAsync(IReadOnlyList<Node> nodes, string query)
    {
        for (int turn = 0; !stop.IsCancellationRequested; turn++)
        {
            Node node = nodes[turn % nodes.Count];
            if (!node.IsRunning)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5)); // no node to ask at this moment: do not burn the processors
                continue;
            }

            using var own = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            stream = own;
            try
            {
                await ReadAsync($"{node.Url}/watch?{query}", own.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException)
            {
                // the node was killed, or the stream cut: go on at the next one
            }
        }
    }

    private async Task ReadAsync(string url, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (lastId is { } known) request.Headers.TryAddWithoutValidation("Last-Event-ID", known);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if ((int)response.StatusCode != 200)
        {
            if ((int)response.StatusCode is not (503 or 307)) Oddities.Enqueue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancel)}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel); // refused at once: do not burn the processors
            return;
        }

        Interlocked.Increment(ref streams);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        (string id, string name, string data) = ("", "", "");
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            else if (line.Length == 0)
            {
                Events.Enqueue(new WatchedEvent(id, name, JsonSerializer.Deserialize<JsonElement>(data)));
                lastId = id;
                (id, name, data) = ("", "", "");
            }
            else Oddities.Enqueue(string.Create(CultureInfo.InvariantCulture, $"not of an event: {line}"));
        }
    }
}
