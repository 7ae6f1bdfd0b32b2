namespace Gache.Replication;

/// <summary>What this leader proposed and has not answered, in order of index.</summary>
internal sealed class PendingProposals
{
    private readonly Queue<WriteOperation> waiting = new();

    public int Count => waiting.Count;

    public void Add(WriteOperation operation) => waiting.Enqueue(operation);

    /// <summary>The proposal that stands at an index that is being applied, if it is ours; earlier ones cannot be left.</summary>
    public WriteOperation? Take(ulong index)
    {
        if (!waiting.TryPeek(out WriteOperation? first) || first.Index != index) return null;
        return waiting.Dequeue();
    }

    /// <summary>The earliest whose deadline passed, or null. Deadlines rise in order of arrival, and so of index.</summary>
    public WriteOperation? TakeExpired(long tick) =>
        waiting.TryPeek(out WriteOperation? first) && first.DeadlineTick <= tick ? waiting.Dequeue() : null;

    /// <summary>The earliest, whatever its state; null when none is left.</summary>
    public WriteOperation? TakeAny() => waiting.TryDequeue(out WriteOperation? first) ? first : null;
}
