using Gache.Raft;

namespace Gache.Replication;

/// <summary>Linearizable reads between their registration and the moment that the store has what they must see.</summary>
internal sealed class PendingReads
{
    private readonly Queue<ReadOperation> registered = new(); // rounds rise in order of arrival
    private readonly Queue<(ulong Index, ReadOperation Read)> confirmed = new(); // indexes never fall, as rounds begin in order

    public int Count => registered.Count + confirmed.Count;

    public void Register(ReadOperation read) => registered.Enqueue(read);

    public void Confirm(ConfirmedReads reads)
    {
        while (registered.TryPeek(out ReadOperation? first) && first.Round <= reads.Round)
        {
            registered.Dequeue();
            confirmed.Enqueue((reads.Index, first));
        }
    }

    /// <summary>The next read that may be served, or null.</summary>
    public ReadOperation? TakeServable(ulong appliedIndex) =>
        confirmed.TryPeek(out (ulong Index, ReadOperation Read) first) && first.Index <= appliedIndex ? confirmed.Dequeue().Read : null;

    /// <summary>The earliest read whose deadline passed, or null.</summary>
    public ReadOperation? TakeExpired(long tick)
    {
        if (confirmed.TryPeek(out (ulong Index, ReadOperation Read) early) && early.Read.DeadlineTick <= tick) return confirmed.Dequeue().Read;
        return registered.TryPeek(out ReadOperation? first) && first.DeadlineTick <= tick ? registered.Dequeue() : null;
    }

    /// <summary>The earliest read that is not confirmed; null when none is left. Confirmed ones stay good: their index is committed.</summary>
    public ReadOperation? TakeUnconfirmed() => registered.TryDequeue(out ReadOperation? first) ? first : null;
}
