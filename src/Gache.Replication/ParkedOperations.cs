namespace Gache.Replication;

/// <summary>Requests that wait for a leader to be known, each for at most a second.</summary>
internal sealed class ParkedOperations
{
    private Queue<(Operation Operation, long UntilTick)> waiting = new();
    private Queue<(Operation Operation, long UntilTick)> spare = new();

    public int Count => waiting.Count;

    public void Add(Operation operation, long untilTick) => waiting.Enqueue((operation, untilTick));

    /// <summary>The earliest whose wait is over, or null.</summary>
    public Operation? TakeExpired(long tick) =>
        waiting.TryPeek(out (Operation Operation, long UntilTick) first) && first.UntilTick <= tick ? waiting.Dequeue().Operation : null;

    /// <summary>Takes all out; what still has no leader is added again by the caller, with the wait it had.</summary>
    public IEnumerable<(Operation Operation, long UntilTick)> TakeAll()
    {
        (waiting, spare) = (spare, waiting);
        while (spare.TryDequeue(out (Operation Operation, long UntilTick) next)) yield return next;
    }
}
