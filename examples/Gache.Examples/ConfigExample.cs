using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Gache.Examples;

/// <summary><c>config KEY</c>: prints "REVISION VALUE", and again as soon as it changes; see <c>shell/config-reload.sh</c>.</summary>
/// <remarks>
/// One watch stays open and tells every change. When the stream ends, the next node goes on after the last event, so nothing is missed; where no history
/// reaches back so far any more (410), or the id is of another cluster (400), it begins anew with a read.
/// </remarks>
internal sealed class ConfigExample(GacheClient gache, string key)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private string? id;   // of the last event
    private ulong known;  // the revision up to which all is known
    private ulong? shown; // the revision that was printed last; 0: that the key is gone

    public static async Task<int> RunAsync(GacheClient gache, string key, CancellationToken stop)
    {
        var example = new ConfigExample(gache, key);
        while (true)
        {
            try
            {
                await example.FollowAsync(stop).ConfigureAwait(false);
            }
            catch (Exception end) when (end is HttpRequestException or IOException or SocketException or JsonException || (end is OperationCanceledException && !stop.IsCancellationRequested))
            {
                // The node has gone, or is silent: what is known stays in use, and another one goes on.
            }

            await Task.Delay(Pause, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Follows one stream, at one node, until it ends.</summary>
    private async Task FollowAsync(CancellationToken stop)
    {
        await foreach (GacheEvent told in gache.WatchAsync(key, id, stop).ConfigureAwait(false))
        {
            if (told.Id.Length == 0)
            {
                Refused(told.Data.GetProperty("status").GetInt32());
                return; // no stream: the next node is asked
            }

            switch (told.Name)
            {
                // All that came before the watch is in this read, all that comes after in the watch.
                case "ready" when id is null:
                    if (!await ReadAsync(stop).ConfigureAwait(false)) return;
                    break;
                case "put":
                    Show(told.Revision, Text(told.Data.GetProperty("value")));
                    break;
                case "delete" or "expire":
                    Gone(told.Revision);
                    break;
                case "watch-compacted":
                    id = null;
                    return;
            }

            id = told.Id;
        }
    }

    /// <summary>An id that is refused once is refused always, so it begins anew with a read; but for what passes (429, 503).</summary>
    private void Refused(int status)
    {
        if (status is not (>= 400 and < 500 and not 429)) return;
        id = null;
        if (status == 400) known = 0; // it is of another cluster, whose revisions have nothing to do with those of this one
    }

    private async Task<bool> ReadAsync(CancellationToken stop)
    {
        GacheAnswer answer = await gache.AskAsync(HttpMethod.Get, key, cancel: stop).ConfigureAwait(false);
        if (answer.Status == 200) Show(answer.Revision, answer.Body);
        else if (answer.Status == 404) ShowGone();
        return answer.Status is 200 or 404;
    }

    private void Show(ulong revision, string value)
    {
        if (revision <= known) return; // it was read already
        Console.WriteLine($"{revision} {value}");
        shown = known = revision;
    }

    private void Gone(ulong revision)
    {
        if (revision <= known) return;
        known = revision;
        ShowGone();
    }

    private void ShowGone()
    {
        if (shown != 0) Console.WriteLine("gone");
        shown = 0;
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : Encoding.UTF8.GetString(value.GetProperty("base64").GetBytesFromBase64());
}
