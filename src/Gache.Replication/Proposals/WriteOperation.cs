using System.Threading.Tasks.Sources;
using Gache.Store;

namespace Gache.Replication;

/// <summary>A command on its way into the log. Pooled: one serves many requests, one after the other.</summary>
internal sealed class WriteOperation : Operation, IValueTaskSource<WriteAnswer>
{
    private ManualResetValueTaskSourceCore<WriteAnswer> source;
    private WriteAnswer answer;

    /// <summary>The encoded command; owned by the log once proposed.</summary>
    public byte[] Command { get; private set; } = [];

    /// <summary>Whether it needs memory and disk, and so is refused when they are short; deletes always go.</summary>
    public bool NeedsSpace { get; private set; }

    /// <summary>Whether its answer is kept for repeats, in one of a bounded number of records.</summary>
    public bool IsKeyed { get; private set; }

    /// <summary>Its place in the log once proposed, else 0.</summary>
    public ulong Index { get; set; }

    /// <summary>The term it was proposed in.</summary>
    public ulong Term { get; set; }

    public override int QueuedBytes => Command.Length;

    public static WriteOperation Rent(byte[] command, bool needsSpace)
    {
        WriteOperation operation = OperationPool<WriteOperation>.Rent();
        operation.Command = command;
        operation.NeedsSpace = needsSpace;
        operation.IsKeyed = Gache.Store.Command.IsKeyed(command);
        operation.Index = operation.Term = 0;
        operation.Waiting = null;
        return operation;
    }

    /// <summary>Another copy of the same command is to be proposed.</summary>
    public void Take(byte[] command)
    {
        Command = command;
        Index = Term = 0;
    }

    public ValueTask<WriteAnswer> AsValueTask() => new(this, source.Version);

    public override void Refuse(Refusal refusal) => answer = new WriteAnswer(refusal);

    public void Answer(in ApplyResult result) => answer = new WriteAnswer(null, result.Revision, result.Existed, result.Status, result.Number, result.Body);

    public override void Complete() => source.SetResult(answer);

    public WriteAnswer GetResult(short token)
    {
        WriteAnswer result = source.GetResult(token);
        source.Reset();
        Command = [];
        answer = default;
        OperationPool<WriteOperation>.Return(this);
        return result;
    }

    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
