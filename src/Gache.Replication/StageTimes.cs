using Gache.Primitives;

namespace Gache.Replication;

/// <summary>How long the stages of writes take at this replica: time is asked a few times a batch, never for a request.</summary>
/// <remarks>What is measured of a batch is its oldest write, so no write of it took longer.</remarks>
public sealed class StageTimes
{
    private readonly TimeProvider time;
    private long queuedSince;   // of the oldest write that was queued and not yet taken into the step; 0 without one
    private long proposedSince; // of the oldest batch that is not committed; 0 without one

    /// <summary>Begins at nothing.</summary>
    /// <param name="time">Monotonic time.</param>
    public StageTimes(TimeProvider time)
    {
        this.time = time;
        (Queue, Replicate, Apply, Answer, Write) = (new(time), new(time), new(time), new(time), new(time));
    }

    /// <summary>From the arrival of a batch's oldest write until the batch was proposed; at the leader.</summary>
    public DurationHistogram Queue { get; }

    /// <summary>From there until the batch was known to be on the disks of a majority; at the leader.</summary>
    public DurationHistogram Replicate { get; }

    /// <summary>Applying what was committed, at most 4,096 entries at a time; at every replica.</summary>
    public DurationHistogram Apply { get; }

    /// <summary>From there until all clients of the batch were answered; at the leader.</summary>
    public DurationHistogram Answer { get; }

    /// <summary>All of it: from the arrival of a batch's oldest write until its clients were answered.</summary>
    public DurationHistogram Write { get; }

    /// <summary>How long the oldest write that is queued, and not looked at yet, has waited.</summary>
    public TimeSpan QueuedFor => Since(Volatile.Read(ref queuedSince));

    /// <summary>How long the oldest batch that is proposed, and not known to be committed, has waited.</summary>
    public TimeSpan ReplicatingFor => Since(Volatile.Read(ref proposedSince));

    internal long Now() => Math.Max(1, time.GetTimestamp());

    internal TimeSpan Between(long from, long to) => from == 0 ? TimeSpan.Zero : time.GetElapsedTime(from, to);

    /// <summary>A write is about to be queued: before it is, so that whoever takes the queue never leaves the time of one that it took.</summary>
    internal void WillQueue()
    {
        if (Volatile.Read(ref queuedSince) == 0) Interlocked.CompareExchange(ref queuedSince, Now(), 0);
    }

    /// <summary>What was queued has been taken.</summary>
    /// <returns>Since when the oldest of it had waited, or 0 if that is not known.</returns>
    internal long TakeQueued() => Interlocked.Exchange(ref queuedSince, 0);

    internal void Replicating(long since) => Volatile.Write(ref proposedSince, since);

    private TimeSpan Since(long timestamp) => timestamp == 0 ? TimeSpan.Zero : time.GetElapsedTime(timestamp);
}
