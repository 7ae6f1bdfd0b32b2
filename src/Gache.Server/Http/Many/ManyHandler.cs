using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Many;

/// <summary>Takes pages and steps that other nodes ask for: carried out by this node's shard, and never passed on.</summary>
/// <param name="shard">The shard; null while the node starts.</param>
/// <param name="budget">What the answers may take.</param>
internal sealed class ManyHandler(Func<IShard?> shard, AnswerBudget budget) : ICallHandler
{
    private static readonly Refusal Starting = new(RefusalCode.NotServing, "the node is starting");
    private static readonly Refusal NoRoom = new(RefusalCode.Overloaded, "too many answers are on their way to other nodes at once");

    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        // What cannot be read is a later version's: its caller has its timeout.
        Func<IShard, Task<ReadOnlyMemory<byte>>>? work = null;
        if (kind == CallKind.ScanKeys && ManyWire.ReadQuery(body.Span) is { } query)
            work = async here => ManyWire.Encode(await ShardWork.ScanAsync(here, query).ConfigureAwait(false));
        else if (kind == CallKind.Steps && ManyWire.ReadSteps(body.Span) is { } steps)
            work = async here => ManyWire.Encode(await ShardWork.RunAsync(here, steps).ConfigureAwait(false));
        if (work is null) return;
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Handler.AnswerAsync(state.Work, state.Answer), (Handler: this, Work: work, Answer: answer), preferLocal: false);
    }

    private async Task AnswerAsync(Func<IShard, Task<ReadOnlyMemory<byte>>> work, Action<ReadOnlyMemory<byte>> answer)
    {
        if (shard() is not { } here)
        {
            answer(ManyWire.Encode(Starting));
            return;
        }

        if (!budget.TryTake(ManyLimits.AnswerShareBytes))
        {
            answer(ManyWire.Encode(NoRoom));
            return;
        }

        try
        {
            answer(await work(here).ConfigureAwait(false));
        }
        finally
        {
            budget.Return(ManyLimits.AnswerShareBytes);
        }
    }
}
