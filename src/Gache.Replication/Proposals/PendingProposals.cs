namespace Gache.Replication;

/// <summary>What this leader proposed and has not answered, in order of index.</summary>
internal sealed class PendingProposals
{
    private readonly Queue<WriteOperation> waiting = new();

    public int Count => waiting.Count;

    /// <summary>How many of them are keyed writes.</summary>
    public int Keyed { get; private set; }

    public void Add(WriteOperation operation)
    {
        waiting.Enqueue(operation);
        if (operation.IsKeyed) Keyed++;
    }

    /// <summary>The proposal that stands at an index that is being applied, if it is ours; earlier ones cannot be left.</summary>
    public WriteOperation? Take(ulong index)
    {
        if (!waiting.TryPeek(out WriteOperation? first) || first.Index != index) return null;
        return TakeAny();
    }

    /// <summary>The earliest whose deadline passed, or null. Deadlines rise in order of arrival, and so of index.</summary>
    public WriteOperation? TakeExpired(long tick) =>
        waiting.TryPeek(out WriteOperation? first) && first.DeadlineTick <= tick ? TakeAny() : null;

    /// <summary>The earliest, whatever its state; null when none is left.</summary>
    public WriteOperation? TakeAny()
    {
        if (!waiting.TryDequeue(out WriteOperation? first)) return null;
        if (first.IsKeyed) Keyed--;
        return first;
    }
}
