using Gache.Raft;

namespace Gache.Replication;

/// <summary>Linearizable reads between their registration and the moment that the store has what they must see.</summary>
internal sealed class PendingReads
{
    private readonly Queue<RoundOperation> registered = new(); // rounds rise in order of arrival
    private readonly Queue<(ulong Index, RoundOperation Read)> confirmed = new(); // indexes never fall, as rounds begin in order

    public int Count => registered.Count + confirmed.Count;

    public void Register(RoundOperation read) => registered.Enqueue(read);

    public void Confirm(ConfirmedReads reads)
    {
        while (registered.TryPeek(out RoundOperation? first) && first.Round <= reads.Round)
        {
            registered.Dequeue();
            confirmed.Enqueue((reads.Index, first));
        }
    }

    /// <summary>The next read that may be served, or null.</summary>
    public RoundOperation? TakeServable(ulong appliedIndex) =>
        confirmed.TryPeek(out (ulong Index, RoundOperation Read) first) && first.Index <= appliedIndex ? confirmed.Dequeue().Read : null;

    /// <summary>The keys of those that may be served next, as many as there is room for; empty for what reads no key.</summary>
    /// <returns>How many these are.</returns>
    public int PeekServable(ulong appliedIndex, Span<ReadOnlyMemory<byte>> keys)
    {
        int count = 0;
        foreach ((ulong index, RoundOperation read) in confirmed)
        {
            if (index > appliedIndex || count == keys.Length) break;
            keys[count++] = (read as ReadOperation)?.Key ?? default;
        }

        return count;
    }

    /// <summary>The earliest read whose deadline passed, or null.</summary>
    public RoundOperation? TakeExpired(long tick)
    {
        if (confirmed.TryPeek(out (ulong Index, RoundOperation Read) early) && early.Read.DeadlineTick <= tick) return confirmed.Dequeue().Read;
        return registered.TryPeek(out RoundOperation? first) && first.DeadlineTick <= tick ? registered.Dequeue() : null;
    }

    /// <summary>The earliest read that is not confirmed; null when none is left. Confirmed ones stay good: their index is committed.</summary>
    public RoundOperation? TakeUnconfirmed() => registered.TryDequeue(out RoundOperation? first) ? first : null;
}
