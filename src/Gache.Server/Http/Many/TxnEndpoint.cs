using Gache.Replication;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;

namespace Gache.Server.Http.Many;

/// <summary><c>POST /txn</c>: keys of one slot, compared and changed at one index; sent to the slot's owner as a request on a key is.</summary>
internal sealed class TxnEndpoint(ApiSettings settings, Elsewhere elsewhere, BodyBudget bodies, SlowReaders readers)
{
    private static readonly SemaphoreSlim LargeAnswers = new(ManyLimits.MaxLargeAnswers);

    private int reading;

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        if (!IdempotencyKeyHeader.TryParse(context.Request.Headers, out ReadOnlyMemory<byte> idempotencyKey))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.IdempotencyKeyMalformed, IdempotencyKeyHeader.Words).ConfigureAwait(false);
            return;
        }

        using var share = new BodyShare(bodies);
        if (await ManyBody.TakeAsync(context, share, TxnCommand.MaxBytes, ProblemTable.TxnTooLarge, readers).ConfigureAwait(false) is not { } body) return;
        (TxnCommand? txn, Problem? wrong, string detail) = TxnText.Read(body, settings.MaxValueBytes, idempotencyKey);
        if (txn is null)
        {
            await ProblemAnswer.SendAsync(context, wrong!, detail).ConfigureAwait(false);
            return;
        }

        int slot = txn.Slot!.Value;
        await (elsewhere.IsHere(slot)
            ? CarryOutAsync(context, shard, txn, slot, body)
            : elsewhere.AnswerAsync(context, slot, body, () => CarryOutAsync(context, shard, txn, slot, body))).ConfigureAwait(false);
    }

    private async Task CarryOutAsync(HttpContext context, IShard shard, TxnCommand txn, int slot, ReadOnlyMemory<byte> body)
    {
        if (!txn.Reads)
        {
            await ProposeAsync(context, shard, txn, slot, body).ConfigureAwait(false);
            return;
        }

        // Before it is proposed: how long the answer is, apply alone knows, and then it cannot be refused any more (P10, P11).
        try
        {
            await (Interlocked.Increment(ref reading) <= ManyLimits.MaxReadingTransactions
                ? ProposeAsync(context, shard, txn, slot, body)
                : ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, $"{ManyLimits.MaxReadingTransactions} transactions that read are under way at this node")).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref reading);
        }
    }

    private async Task ProposeAsync(HttpContext context, IShard shard, TxnCommand txn, int slot, ReadOnlyMemory<byte> body)
    {
        WriteAnswer answer = await shard.WriteAsync(txn.Encode()).ConfigureAwait(false);
        if (answer.Refusal is { } refusal)
        {
            await elsewhere.AnswerAsync(context, refusal, slot, body).ConfigureAwait(false);
            return;
        }

        if (answer.Status != ApplyStatus.Done)
        {
            (Problem problem, string detail) = DeclinedAnswer.Of(answer);
            bool isOfOne = answer.Status is ApplyStatus.NotANumber or ApplyStatus.OutOfRange or ApplyStatus.AnswerTooLarge;
            await ProblemAnswer.SendAsync(context, problem, isOfOne ? $"{(answer.Existed ? "then" : "else")}[{answer.Number}]: {detail}; nothing of the transaction was done" : detail).ConfigureAwait(false);
            return;
        }

        TxnAnswer done = TxnAnswer.Parse(answer.Body) ?? throw new InvalidOperationException("what a transaction answered cannot be read");
        if (answer.Body is { Length: <= ManyLimits.LargeAnswerBytes })
        {
            await Page.SendAsync(context, Headers.Json, TxnText.Write(done)).ConfigureAwait(false);
            return;
        }

        while (!await LargeAnswers.WaitAsync(ManyLimits.LongestStandstill, context.RequestAborted).ConfigureAwait(false)) readers.MakeRoom();
        try
        {
            ReadOnlyMemory<byte> text = TxnText.Write(done);
            if (Page.HasBody(context, Headers.Json, text.Length)) await readers.SendAsync(context, text).ConfigureAwait(false);
        }
        finally
        {
            LargeAnswers.Release();
        }
    }
}
