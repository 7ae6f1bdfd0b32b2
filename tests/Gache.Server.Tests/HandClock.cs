namespace Gache.Server.Tests;

/// <summary>Time in the test's hand.</summary>
internal sealed class HandClock : TimeProvider
{
    private TimeSpan now = TimeSpan.FromHours(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + now;

    public void Pass(TimeSpan time) => now += time;
}
