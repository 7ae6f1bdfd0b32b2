using Gache.Primitives;

namespace Gache.Replication;

/// <summary>What a request waits for, and where it stands. Owned by the step, but for <see cref="IsLost"/>.</summary>
/// <param name="wait">For how long it waits for its condition.</param>
internal abstract class WaitingRequest(TimeSpan wait)
{
    /// <summary>Whose turn is sooner: given when it is let in, rises.</summary>
    public long Number { get; set; }

    /// <summary>The key; not changed while it waits.</summary>
    public abstract ReadOnlyMemory<byte> Key { get; }

    /// <summary>The key's slot.</summary>
    public abstract int Slot { get; }

    /// <summary>The request itself; serves another one once this is answered.</summary>
    public abstract Operation Operation { get; }

    /// <summary>The tick at which the wait is over; 0 before it began.</summary>
    public long UntilTick { get; private set; }

    /// <summary>Its client has gone: nobody is to get the place that it waits for. Set by any thread.</summary>
    public volatile bool IsLost;

    /// <summary>It does not wait any more: what comes next is its answer.</summary>
    public bool IsLast { get; set; }

    /// <summary>It was answered: the operation is not its own any more.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>A try of it is proposed; it keeps its place meanwhile.</summary>
    public bool IsTrying { get; set; }

    /// <summary>The revision that it waits for, while it does; else 0.</summary>
    public ulong AwaitedRevision { get; set; }

    /// <summary>Its place among the requests for its key; null while it has none.</summary>
    public LinkedListNode<WaitingRequest>? Place { get; set; }

    /// <summary>When <see cref="WaitingRequests"/> is to end its wait.</summary>
    public long EndTick { get; set; }

    /// <summary>The time begins to count when a replica takes it up, and goes on where leadership changes.</summary>
    public void Begin(long nowTick)
    {
        if (UntilTick != 0) return;
        long ticks = ReplicaOptions.InTicks(wait) + 1; // part of the present one is over
        UntilTick = nowTick + (Planted.Is(PlantedFault.WaitCutShort) ? ticks / 2 : ticks);
    }
}

/// <summary>A write that waits for its condition.</summary>
internal sealed class WaitingWrite(WriteOperation operation, byte[] command, TimeSpan wait) : WaitingRequest(wait)
{
    private readonly byte[] key = Store.Command.KeyOf(command).ToArray();

    public override ReadOnlyMemory<byte> Key => key;

    public override int Slot { get; } = Store.Slot.Of(Store.Command.KeyOf(command).Span);

    public override WriteOperation Operation => operation;

    /// <summary>What is asked for. Tries are copies: an entry never changes.</summary>
    public byte[] Command => command;
}

/// <summary>A read that waits for a change, or for a revision.</summary>
internal sealed class WaitingRead(ReadOperation operation, ReadOnlyMemory<byte> key, ReadTerms terms) : WaitingRequest(terms.Wait)
{
    public override ReadOnlyMemory<byte> Key => key;

    public override int Slot { get; } = Store.Slot.Of(key.Span);

    public override ReadOperation Operation => operation;

    public ReadTerms Terms => terms;

    /// <summary>The tick at which it waits for its revision no more; 0 before it began.</summary>
    public long RevisionUntilTick { get; set; }

    /// <summary>Whether it waits for a change of its key, and not only for a revision.</summary>
    public bool WaitsForChange => terms.Wait > TimeSpan.Zero && !IsLast;
}
