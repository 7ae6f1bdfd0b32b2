namespace Gache.Store;

/// <summary>The store's two clocks, in milliseconds; neither ever goes back.</summary>
/// <remarks>
/// Heartbeats tell replicas the time between entries, each at another moment. If apply looked at that, the same entry would do different
/// things on different replicas (P5). So what was applied and what was heard are kept apart: only a new leader uses the later of the two.
/// </remarks>
internal struct StoreTime
{
    /// <summary>The time of the entries applied: the same on every replica at the same index.</summary>
    public ulong Applied { get; private set; }

    /// <summary>The latest time applied or heard: where a new leader goes on from.</summary>
    public ulong Latest { get; private set; }

    public void Apply(ulong milliseconds)
    {
        Applied = Math.Max(Applied, milliseconds);
        Hear(milliseconds);
    }

    public void Hear(ulong milliseconds) => Latest = Math.Max(Latest, milliseconds);

    /// <summary>Takes over a snapshot's time, as if its entries had been applied here; what was heard stays.</summary>
    public void Restore(ulong appliedMilliseconds)
    {
        Applied = appliedMilliseconds;
        Hear(appliedMilliseconds);
    }
}
