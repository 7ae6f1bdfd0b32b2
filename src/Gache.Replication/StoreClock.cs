namespace Gache.Replication;

/// <summary>Time in the store as a leader tells it: within a term it advances by the leader's monotonic time, and it never goes back.</summary>
/// <remarks>A new leader goes on from the latest store time it applied or heard: time without a leader is not counted.</remarks>
internal sealed class StoreClock(TimeProvider time)
{
    private ulong leadsInTerm;
    private ulong startMilliseconds;
    private long startTimestamp;

    /// <summary>The latest store time that was heard from a leader or applied.</summary>
    public ulong HeardMilliseconds { get; private set; }

    public void Hear(ulong milliseconds) => HeardMilliseconds = Math.Max(HeardMilliseconds, milliseconds);

    /// <summary>This node leads in this term: said before anything is stamped in it.</summary>
    public void Lead(ulong term)
    {
        if (term == leadsInTerm) return;
        leadsInTerm = term;
        StartFromHeard();
    }

    /// <summary>The store time now; only while leading. Never before what was heard: a new leader may still be applying what came before it.</summary>
    public ulong Now()
    {
        ulong now = startMilliseconds + (ulong)Math.Max(0, (long)time.GetElapsedTime(startTimestamp).TotalMilliseconds);
        if (HeardMilliseconds <= now) return now;
        StartFromHeard();
        return HeardMilliseconds;
    }

    private void StartFromHeard() => (startMilliseconds, startTimestamp) = (HeardMilliseconds, time.GetTimestamp());
}
