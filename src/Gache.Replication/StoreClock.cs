namespace Gache.Replication;

/// <summary>Time in the store as a leader tells it: within a term it advances by the leader's monotonic time, and it never goes back.</summary>
/// <remarks>A new leader goes on from the latest store time it applied or heard: time without a leader is not counted.</remarks>
internal sealed class StoreClock(TimeProvider time)
{
    private ulong startMilliseconds;
    private long startTimestamp;

    /// <summary>The latest store time that was heard from a leader or applied.</summary>
    public ulong HeardMilliseconds { get; private set; }

    public void Hear(ulong milliseconds) => HeardMilliseconds = Math.Max(HeardMilliseconds, milliseconds);

    /// <summary>This node begins to lead.</summary>
    public void StartLeading()
    {
        startMilliseconds = HeardMilliseconds;
        startTimestamp = time.GetTimestamp();
    }

    /// <summary>The store time now; only while leading.</summary>
    public ulong Now() => startMilliseconds + (ulong)Math.Max(0, (long)time.GetElapsedTime(startTimestamp).TotalMilliseconds);
}
