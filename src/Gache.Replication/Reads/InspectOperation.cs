using Gache.Store;

namespace Gache.Replication;

/// <summary>A look at the latest state, on its way through the replica.</summary>
internal abstract class InspectOperation : RoundOperation
{
    public override int QueuedBytes => 0;

    /// <summary>Looks; called by the store's owner.</summary>
    public abstract void Look(KeyValueStore store);
}

/// <inheritdoc/>
internal sealed class InspectOperation<T>(Func<KeyValueStore, T> look, bool continuesInline) : InspectOperation
{
    // Operators ask seldom and do much with what they see: not on the thread that gives the other answers.
    private readonly TaskCompletionSource<Inspected<T>> source =
        new(continuesInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
    private Inspected<T> answer;

    public Task<Inspected<T>> Answer => source.Task;

    public override void Look(KeyValueStore store) => answer = new Inspected<T>(look(store), null);

    public override void Refuse(Refusal refusal) => answer = new Inspected<T>(default, refusal);

    public override void Complete() => source.SetResult(answer);
}
