using System.Globalization;
using System.IO.Pipelines;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;
using Gache.Server.Http.Routing;
using Gache.Store;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Keys;

/// <summary>GET and HEAD on a key.</summary>
internal sealed class ReadKey(Elsewhere elsewhere)
{
    /// <summary>Larger values are handed over slice by slice, so that a slow reader does not make us hold a second copy.</summary>
    private const int SliceBytes = 64 * 1024;

    /// <summary>Reads and answers; without an await where the replica answers at once.</summary>
    public Task AnswerAsync(HttpContext context, IShard shard, byte[] key, int slot, ReadLevel level, WaitingTerms? terms)
    {
        if (terms is not null) return AnswerWaitingAsync(context, shard, key, slot, terms);
        ValueTask<ReadAnswer> read = shard.ReadAsync(key, level);
        return read.IsCompletedSuccessfully ? Send(context, slot, read.Result) : AwaitAsync(context, slot, read);
    }

    private async Task AnswerWaitingAsync(HttpContext context, IShard shard, byte[] key, int slot, WaitingTerms terms)
    {
        long began = RequestTime.Now;
        ReadAnswer answer = await shard.ReadAsync(key, terms.Now, context.RequestAborted).ConfigureAwait(false);
        if (terms.Wait is null) RequestTime.Note(context, RequestTime.Spent.ByClient, began); // what ?wait= asked for the log takes off by itself
        await Send(context, slot, answer).ConfigureAwait(false);
    }

    private async Task AwaitAsync(HttpContext context, int slot, ValueTask<ReadAnswer> read) =>
        await Send(context, slot, await read.ConfigureAwait(false)).ConfigureAwait(false);

    private Task Send(HttpContext context, int slot, ReadAnswer answer)
    {
        if (answer.Refusal is { } refusal) return elsewhere.AnswerAsync(context, refusal, slot, ReadOnlyMemory<byte>.Empty);
        if (context.Request.Headers.IfMatch.Count > 0 && AnswerUnlessMatched(context, answer) is { } declined) return declined;
        if (!answer.IsFound)
        {
            answer.Dispose();
            return ProblemAnswer.SendAsync(context, ProblemTable.KeyNotFound, "nothing is stored under this key");
        }

        HttpResponse response = context.Response;
        IHeaderDictionary headers = response.Headers;
        EntityTags.Set(headers, answer.Revision);
        if (answer.ExpiresInMilliseconds is { } left) headers[Headers.ExpiresIn] = left.ToString(CultureInfo.InvariantCulture);

        if (context.Request.Headers.IfNoneMatch is { Count: > 0 } known && EntityTags.Names(known, answer.Revision) is not false and var match)
        {
            answer.Dispose();
            if (match is null)
                return ProblemAnswer.SendAsync(context, ProblemTable.ConditionMalformed, ConditionHeaders.Words);
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        headers.ContentType = Headers.OctetStream;
        response.ContentLength = answer.Value.Length;
        if (context.Request.Method == HttpMethods.Head)
        {
            answer.Dispose();
            return Task.CompletedTask;
        }

        if (answer.Value.Length > SliceBytes) return SendSlicesAsync(context, answer);

        // The pipe has copied the bytes when this returns, so the store may have its memory back.
        ValueTask<FlushResult> flush = response.BodyWriter.WriteAsync(answer.Value);
        answer.Dispose();
        if (!flush.IsCompletedSuccessfully) return flush.AsTask();
        _ = flush.Result;
        return Task.CompletedTask;
    }

    /// <summary>If-Match comes first (RFC 9110, 13.2.2), also before "not found".</summary>
    private static Task? AnswerUnlessMatched(HttpContext context, ReadAnswer answer)
    {
        (bool exists, ulong revision) = (answer.IsFound, answer.Revision);
        StringValues tags = context.Request.Headers.IfMatch;
        Condition condition = EntityTags.IsAny(tags)
            ? new Condition { MustExist = true }
            : new Condition { AnyOf = EntityTags.Revisions(tags, countsWeak: false) };
        bool isMalformed = condition is { MustExist: false, AnyOf: null };
        if (!isMalformed && condition.Holds(exists, revision)) return null;

        answer.Dispose();
        return isMalformed
            ? ProblemAnswer.SendAsync(context, ProblemTable.ConditionMalformed, ConditionHeaders.Words)
            : DeclinedAnswer.ConditionFailedAsync(context, exists, revision);
    }

    private static async Task SendSlicesAsync(HttpContext context, ReadAnswer answer)
    {
        PipeWriter writer = context.Response.BodyWriter;
        long began = RequestTime.Now;
        using (answer)
        {
            for (ReadOnlyMemory<byte> rest = answer.Value; !rest.IsEmpty;)
            {
                int count = Math.Min(rest.Length, SliceBytes);
                FlushResult flush = await writer.WriteAsync(rest[..count]).ConfigureAwait(false);
                if (flush.IsCompleted) break; // the client has gone
                rest = rest[count..];
            }

            RequestTime.Note(context, RequestTime.Spent.ByClient, began);
        }
    }
}
