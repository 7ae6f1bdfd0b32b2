using Gache.Raft;
using Gache.Store;

namespace Gache.Replication;

public sealed partial class Replica
{
    // What is over goes when the log says so: a time entry where no write says it, this often at most. Twice as often as lateness is promised,
    // so that the commit has its time as well.
    private const long TimeEveryTicks = 5;

    private ulong timeIndex;      // where the last time entry stands
    private long timeProposedTick;

    /// <summary>Tells the time through the log when something in the store is over and no write came to tell it.</summary>
    private void ProposeTime()
    {
        if (core.Role != Role.Leader || isLoading || store.NextDueMilliseconds == ulong.MaxValue || appliedIndex < timeIndex) return;

        // More was over at once than one entry deletes: the next one follows as soon as it is applied.
        bool isBehind = store.NextDueMilliseconds <= store.StoreTimeMilliseconds;
        if (!isBehind && nowTick - timeProposedTick < TimeEveryTicks) return;
        if (core.IsWriting || !core.TakesProposals || taker.IsFull || HoldsProposals) return;

        ulong now = clock.Now();
        if (store.NextDueMilliseconds > now) return;
        timeIndex = core.Propose(Command.EncodeTime(now));
        timeProposedTick = nowTick;
    }

    /// <summary>Whether a keyed write finds no room for its answer, also that of a delete, which else needs none; a repeat has one already.</summary>
    private bool IsIdempotencyFull(WriteOperation operation) => operation.IsKeyed
        && (store.IdempotencyCount + pending.Keyed >= options.MaxIdempotencyRecords || store.Bytes >= memoryBoundBytes)
        && !store.Remembers(operation.Command);
}
