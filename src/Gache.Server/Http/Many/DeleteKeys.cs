using System.Text.Json;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Cluster.Operate;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary><c>DELETE /keys</c>: deletes the keys that begin with a prefix, in slices; each is an entry of the log of the slots' owner.</summary>
internal sealed class DeleteKeys(ManyWork work, SlotPlaces places, Elsewhere elsewhere)
{
    private int underWay;

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard, ManyQuery query)
    {
        try
        {
            await (Interlocked.Increment(ref underWay) <= ManyLimits.MaxDeletions
                ? WalkAsync(context, shard, query)
                : ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, $"{ManyLimits.MaxDeletions} deletions by prefix are under way at this node")).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private async Task WalkAsync(HttpContext context, IShard shard, ManyQuery query)
    {
        SlotSpan span = SlotSpan.Of(query.Prefix);
        ScanPosition position = span.Begin(query.From);
        var walk = new SlotWalk(places, shard, elsewhere.Cluster is not null);
        bool isComplete = position.Slot > span.Last;
        bool isAnyDone = false;
        long deleted = 0;
        WalkStop? stop = null;
        for (int slices = 0; slices < ManyLimits.MaxSlices && !isComplete && !context.RequestAborted.IsCancellationRequested; slices++)
        {
            ScanPosition from = position;
            (Slice? slice, stop) = await walk.AskAsync(from, place => query.IsDryRun
                ? CountAsync(shard, place, query.Prefix!, from, span.Last)
                : DeleteAsync(shard, place, query.Prefix!, from, span.Last)).ConfigureAwait(false);
            if (slice is null) break;
            deleted += slice.Keys;
            position = slice.Next;
            isComplete = slice.End == ScanEnd.Complete;
            isAnyDone = true;
        }

        if (stop is not null && !isAnyDone) await RefuseAsync(context, stop, position).ConfigureAwait(false);
        else await Page.SendAsync(context, Headers.Json, Write(deleted, query.IsDryRun, isComplete ? null : position, stop).WrittenMemory).ConfigureAwait(false);
    }

    private async Task<(Slice? Answer, Refusal? Refusal)> DeleteAsync(IShard shard, SlotPlace place, byte[] prefix, ScanPosition from, int lastSlot)
    {
        byte[] command = new DeleteRangeCommand(prefix, from, lastSlot, DeleteRangeCommand.MaxKeysOfSlice, ScanQuery.MaxSlotsOfPage).Encode();
        WriteAnswer answer = (await work.RunAsync(shard, place.Peer, [new Step(command, default)]).ConfigureAwait(false))[0].Answer;
        if (answer.Refusal is { } refusal) return (null, refusal);
        return DeleteRangeCommand.ParseAnswer(answer.Body) is { } where
            ? (new Slice(answer.Number, where.End, where.Next), null)
            : (null, new Refusal(RefusalCode.Timeout, "what the shard's leader answered cannot be read"));
    }

    private async Task<(Slice? Answer, Refusal? Refusal)> CountAsync(IShard shard, SlotPlace place, byte[] prefix, ScanPosition from, int lastSlot)
    {
        var query = new ScanQuery(prefix, from, lastSlot, ScanQuery.MaxKeysOfPage, ScanQuery.MaxBytesOfPage, WithValues: false);
        (ScanPage? page, Refusal? refusal) = await work.ScanAsync(shard, place.Peer, query).ConfigureAwait(false);
        return page is null ? (null, refusal) : (new Slice(page.Keys.Count, page.End, page.Next), null);
    }

    private Task RefuseAsync(HttpContext context, WalkStop stop, ScanPosition position) => stop.Refusal switch
    {
        { Code: RefusalCode.NotLeader, LeaderApi: { } leader } => elsewhere.ToLeaderAsync(context, leader, ReadOnlyMemory<byte>.Empty),
        { Code: RefusalCode.Timeout or RefusalCode.LeadershipLost } unknown => ProblemAnswer.SendAsync(context, ProblemOf(unknown), unknown.Detail),
        _ => ProblemAnswer.SendAsync(context, stop.Declined.Problem, stop.Declined.Detail, stop.Declined.RetryAfter, ScanCursor.Encode(position)),
    };

    /// <summary>Deleting again what may be deleted already harms nobody.</summary>
    private static Problem ProblemOf(Refusal unknown) => RefusalAnswer.ProblemOf(unknown.Code) with { IsRetryable = true };

    private static ByteWriter Write(long deleted, bool isDryRun, ScanPosition? next, WalkStop? stop)
    {
        var body = new ByteWriter();
        using (var json = new Utf8JsonWriter(body, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteNumber("deleted"u8, deleted);
            if (isDryRun) json.WriteBoolean("dry_run"u8, true);
            if (next is { } position) json.WriteString("cursor"u8, ScanCursor.Encode(position));
            if (stop is not null)
            {
                Declined declined = stop.Declined;
                Problem problem = declined.Problem.Outcome == Outcomes.Unknown ? declined.Problem with { IsRetryable = true } : declined.Problem;
                json.WritePropertyName("error"u8);
                ProblemAnswer.Write(json, problem, declined.Detail);
            }

            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        return body;
    }

    private sealed record Slice(long Keys, ScanEnd End, ScanPosition Next);
}
