using Gache.Primitives;

namespace Gache.Cluster.Tests.Gossip;

/// <summary>Time that passes only when it is told to.</summary>
internal sealed class StillTime : TimeProvider
{
    private TimeSpan now = TimeSpan.FromHours(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => now.Ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero) + now;

    public void Pass(TimeSpan time) => now += time;
}

/// <summary>Answers every call at once, with the same bytes.</summary>
internal sealed class AnsweringCalls(byte[] answer) : ICalls
{
    public int Count { get; private set; }

    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
    {
        Count++;
        done(new CallResult(CallOutcome.Answered, answer, ""));
    }
}
