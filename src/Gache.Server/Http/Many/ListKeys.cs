using System.Text.Json;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary><c>GET /keys</c>: a page of keys, slot by slot, in byte order within a slot.</summary>
/// <remarks>
/// Each slot is read by its owner's leader, at a linearizable point of that shard. A key keeps its slot, and its place in it, wherever the slot moves:
/// so going on behind (slot, last key) tells each key that is there all along exactly once.
/// </remarks>
internal sealed class ListKeys(ManyWork work, SlotPlaces places, Elsewhere elsewhere, BodyBudget answers, SlowClients clients, Func<Watches?> watches)
{
    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard, ManyQuery query)
    {
        byte[] prefix = query.Prefix ?? [];
        SlotSpan span = SlotSpan.Of(prefix);
        ScanPosition position = span.Begin(query.From);
        var keys = new List<ScannedKey>();
        WalkStop? stop = null;
        bool isComplete = position.Slot > span.Last;
        using var share = new BodyShare(answers);
        if (!share.TryGrow(ManyLimits.AnswerShareBytes))
        {
            clients.MakeRoom(answers);
            await ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many pages are on their way at once").ConfigureAwait(false);
            return;
        }

        // Taken before anything is read: a watch from there misses nothing of what changes during the scan.
        string? watch = query.From is null ? await PointAsync(prefix).ConfigureAwait(false) : null;
        var walk = new SlotWalk(places, shard, elsewhere.Cluster is not null);
        int bytesLeft = ScanQuery.MaxBytesOfPage;
        for (int asks = 0; asks < ManyLimits.MaxAsksOfPage && !isComplete && keys.Count < query.Limit && bytesLeft > 0; asks++)
        {
            var wanted = new ScanQuery(prefix, position, span.Last, query.Limit - keys.Count, bytesLeft, query.WithValues);
            (ScanPage? page, stop) = await walk.AskAsync(position, place => work.ScanAsync(shard, place.Peer, wanted)).ConfigureAwait(false);
            if (page is null) break;
            keys.AddRange(page.Keys);
            bytesLeft -= page.Keys.Sum(key => key.Key.Length + (key.Value?.Length ?? 0));
            position = page.Next;
            isComplete = page.End == ScanEnd.Complete;
            if (page.End == ScanEnd.Bound) break;
        }

        if (stop is not null && keys.Count == 0)
        {
            await RefuseAsync(context, stop, position).ConfigureAwait(false);
            return;
        }

        ByteWriter body = Write(keys, isComplete ? null : ScanCursor.Encode(position), watch);
        if (Page.HasBody(context, Headers.Json, body.Length)) await clients.SendAsync(context, body.WrittenMemory, answers).ConfigureAwait(false);
    }

    /// <summary>A page without any key, because the next slot cannot be read now: the client may go on at the same place.</summary>
    private Task RefuseAsync(HttpContext context, WalkStop stop, ScanPosition position) => stop.Refusal is { Code: RefusalCode.NotLeader, LeaderApi: { } leader }
        ? elsewhere.ToLeaderAsync(context, leader, ReadOnlyMemory<byte>.Empty)
        : ProblemAnswer.SendAsync(context, stop.Declined.Problem, stop.Declined.Detail, stop.Declined.RetryAfter, ScanCursor.Encode(position));

    /// <summary>From where on the same keys can be watched; null where that is not known now, since some shard does not answer: a scan can begin nevertheless.</summary>
    private async Task<string?> PointAsync(byte[] prefix) =>
        watches() is { } source ? (await source.PointAsync(WatchFilter.OfPrefix(prefix)).ConfigureAwait(false)).Cursor : null;

    private static ByteWriter Write(List<ScannedKey> keys, string? cursor, string? watch)
    {
        var body = new ByteWriter(4_096);
        using (var json = new Utf8JsonWriter(body, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("keys"u8);
            foreach (ScannedKey key in keys)
            {
                json.WriteStartObject();
                JsonBytes.Write(json, "key"u8, key.Key.Span);
                json.WriteNumber("revision"u8, key.Revision);
                if (key.Value is { } value) JsonBytes.Write(json, "value"u8, value.Span);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (cursor is not null) json.WriteString("cursor"u8, cursor);
            if (watch is not null) json.WriteString("watch"u8, watch);
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        return body;
    }
}
