namespace Gache.Replication;

/// <summary>A request on its way through the replica: queued by any thread, worked on and answered by the step's owner.</summary>
internal abstract class Operation
{
    /// <summary>The next in the queue it stands in. Read it before completing the operation: its owner reuses it at once.</summary>
    public Operation? Next { get; set; }

    /// <summary>The tick after which it is answered without having been carried out.</summary>
    public long DeadlineTick { get; set; }

    /// <summary>What it waits for; null for nothing, as nearly always.</summary>
    public WaitingRequest? Waiting { get; set; }

    /// <summary>What it counts in the queue's bound, in bytes.</summary>
    public abstract int QueuedBytes { get; }

    /// <summary>Decides the answer; it is given when the step has been left.</summary>
    public abstract void Refuse(Refusal refusal);

    /// <summary>Gives the answer: runs the waiting request's code on this thread.</summary>
    public abstract void Complete();
}
