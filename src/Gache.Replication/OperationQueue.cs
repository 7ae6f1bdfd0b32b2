namespace Gache.Replication;

/// <summary>Many push, the step's owner takes all: one exchange for a whole batch, in order of arrival.</summary>
internal sealed class OperationQueue
{
    private Operation? latest;

    public bool IsEmpty => Volatile.Read(ref latest) is null;

    public void Push(Operation operation)
    {
        Operation? seen = Volatile.Read(ref latest);
        while (true)
        {
            operation.Next = seen;
            Operation? found = Interlocked.CompareExchange(ref latest, operation, seen);
            if (found == seen) return;
            seen = found;
        }
    }

    /// <summary>Takes everything, the earliest first, linked by <see cref="Operation.Next"/>.</summary>
    public Operation? TakeAll()
    {
        if (IsEmpty) return null;
        Operation? reversed = Interlocked.Exchange(ref latest, null);
        Operation? first = null;
        while (reversed is not null)
        {
            Operation? next = reversed.Next;
            reversed.Next = first;
            first = reversed;
            reversed = next;
        }

        return first;
    }
}
