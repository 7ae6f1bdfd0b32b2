using Gache.Replication;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http.Many;

/// <summary><c>POST /txn</c>: keys of one slot, compared and changed at one index; sent to the slot's owner as a request on a key is.</summary>
internal sealed class TxnEndpoint(ApiSettings settings, Elsewhere elsewhere, BodyBudget bodies, SlowClients clients)
{
    private static readonly SemaphoreSlim LargeAnswers = new(ManyLimits.MaxLargeAnswers);

    private readonly BodyBudget reading = new(settings.ReadingTransactions); // in places

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        if (!IdempotencyKeyHeader.TryParse(context.Request.Headers, out ReadOnlyMemory<byte> idempotencyKey))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.IdempotencyKeyMalformed, IdempotencyKeyHeader.Words).ConfigureAwait(false);
            return;
        }

        using var place = new BodyShare(reading);
        using var under = new UnderWay();
        await CarryOutAsync(context, shard, idempotencyKey, place, under).ConfigureAwait(false);

        // The body is let go by now, with its share: a slow reader holds nothing but what it reads.
        object? held = place.Bytes > 0 ? reading : null;
        if (under.Done is { } done) await SendAsync(context, done, under.IsLarge, held).ConfigureAwait(false);
        else if (under.Passed is { Answer: not null } passed) await elsewhere.Forwarding!.PassBackAsync(context, passed, held).ConfigureAwait(false);
    }

    private async Task CarryOutAsync(HttpContext context, IShard shard, ReadOnlyMemory<byte> idempotencyKey, BodyShare place, UnderWay under)
    {
        using var share = new BodyShare(bodies);
        if (await ManyBody.TakeAsync(context, share, TxnCommand.MaxBytes, ProblemTable.TxnTooLarge, clients).ConfigureAwait(false) is not { } body) return;
        (TxnCommand? txn, Problem? wrong, string detail) = TxnText.Read(body, settings.MaxValueBytes, idempotencyKey);
        if (txn is null)
        {
            await ProblemAnswer.SendAsync(context, wrong!, detail).ConfigureAwait(false);
            return;
        }

        // Before it is proposed or passed on: how long the answer is, apply alone knows, and then it cannot be refused any more (P10, P11).
        if (txn.Reads && !place.TryGrow(1))
        {
            clients.MakeRoom(reading);
            await ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, $"{settings.ReadingTransactions} transactions that read are under way at this node").ConfigureAwait(false);
            return;
        }

        if (txn.Reads && context.Features.Get<IHttpResponseFeature>() is ForwardedReply reply && !reply.TryReserve(ManyLimits.LargeAnswerBytes))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large values are on their way to other nodes at once").ConfigureAwait(false);
            return;
        }

        int slot = txn.Slot!.Value;
        under.Passed = new PassedTxn(txn.Reads);
        await (elsewhere.IsHere(slot)
            ? ProposeAsync(context, shard, txn, slot, body, under)
            : elsewhere.AnswerAsync(context, slot, body, () => ProposeAsync(context, shard, txn, slot, body, under), under.Passed)).ConfigureAwait(false);
    }

    private async Task ProposeAsync(HttpContext context, IShard shard, TxnCommand txn, int slot, ReadOnlyMemory<byte> body, UnderWay under)
    {
        WriteAnswer answer = await shard.WriteAsync(txn.Encode()).ConfigureAwait(false);
        if (answer.Refusal is { } refusal)
        {
            await elsewhere.AnswerAsync(context, refusal, slot, body, under.Passed).ConfigureAwait(false);
            return;
        }

        if (answer.Status != ApplyStatus.Done)
        {
            (Problem problem, string detail) = DeclinedAnswer.Of(answer);
            bool isOfOne = answer.Status is ApplyStatus.NotANumber or ApplyStatus.OutOfRange or ApplyStatus.AnswerTooLarge;
            await ProblemAnswer.SendAsync(context, problem, isOfOne ? $"{(answer.Existed ? "then" : "else")}[{answer.Number}]: {detail}; nothing of the transaction was done" : detail).ConfigureAwait(false);
            return;
        }

        under.Done = TxnAnswer.Parse(answer.Body) ?? throw new InvalidOperationException("what a transaction answered cannot be read");
        under.IsLarge = answer.Body?.Length > ManyLimits.LargeAnswerBytes;
    }

    private async Task SendAsync(HttpContext context, TxnAnswer done, bool isLarge, object? held)
    {
        if (!isLarge)
        {
            await SendTextAsync(context, done, held, null).ConfigureAwait(false);
            return;
        }

        while (!await LargeAnswers.WaitAsync(ManyLimits.LongestStandstill, context.RequestAborted).ConfigureAwait(false)) clients.MakeRoom(LargeAnswers);
        try
        {
            await SendTextAsync(context, done, held, LargeAnswers).ConfigureAwait(false);
        }
        finally
        {
            LargeAnswers.Release();
        }
    }

    private async Task SendTextAsync(HttpContext context, TxnAnswer done, object? held, object? alsoHeld)
    {
        ReadOnlyMemory<byte> text = TxnText.Write(done);
        if (Page.HasBody(context, Headers.Json, text.Length)) await clients.SendAsync(context, text, held, alsoHeld).ConfigureAwait(false);
    }

    /// <summary>What has come of one transaction.</summary>
    private sealed class UnderWay : IDisposable
    {
        public PassedTxn? Passed { get; set; }

        public TxnAnswer? Done { get; set; }

        public bool IsLarge { get; set; }

        public void Dispose() => Passed?.Dispose();
    }
}
