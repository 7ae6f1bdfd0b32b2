namespace Gache.Replication.Tests.Replicas;

/// <summary>A monotonic clock that a test moves; it begins where a machine that has run for long stands.</summary>
internal sealed class VirtualTime(TimeSpan uptime) : TimeProvider
{
    private long now = uptime.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Now => new(now);

    public void Advance(TimeSpan by) => now += by.Ticks;

    public override long GetTimestamp() => now;
}
