using Gache.Cluster.Calls.Wire;
using Gache.Primitives;

namespace Gache.Cluster.Calls.Outbound;

/// <summary>One call from its beginning to its one end.</summary>
/// <remarks>
/// The state decides the outcome (P11): as long as it is not <c>Sent</c>, not one byte can have been written, and every failure is
/// <see cref="CallOutcome.NotSent"/>; from then on it is <see cref="CallOutcome.Unknown"/>. Whoever makes it <c>Ended</c> tells the caller.
/// </remarks>
internal sealed class PendingCall(Lane lane, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
{
    private const int Waiting = 0;
    private const int Sent = 1;
    private const int Ended = 2;

    private int state;
    private ITimer? timer;
    private CancellationTokenRegistration givingUp;
    private DialledConnection? connection;

    public NodeId ExpectedReceiver { get; } = expectedReceiver;

    public CallKind Kind { get; } = kind;

    public int BodyLength { get; } = body.Length;

    /// <summary>Summed when it is handed over: should the caller's bytes change before they are written, the receiver finds out.</summary>
    public uint BodySum { get; } = FrameHead.SumOf(body.Span);

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Its request id on the connection that it was written to.</summary>
    public ulong Id { get; private set; }

    /// <summary>Its place among those that wait; null once it was taken.</summary>
    public LinkedListNode<PendingCall>? Place { get; set; }

    public ReadOnlyMemory<byte> Body { get; } = body;

    /// <summary>True while nothing of it was written and it has not ended.</summary>
    public bool IsUnsent => Volatile.Read(ref state) == Waiting;

    public bool IsEnded => Volatile.Read(ref state) == Ended;

    /// <summary>Begins to count the time.</summary>
    public void StartTimer(TimeProvider time)
    {
        ITimer started = time.CreateTimer(static call => ((PendingCall)call!).TimeIsUp(), this, Timeout, System.Threading.Timeout.InfiniteTimeSpan);
        Volatile.Write(ref timer, started);
        if (IsEnded) started.Dispose();
    }

    /// <summary>Ends it at once when its caller gives it up.</summary>
    public void GiveUpWhen(CancellationToken givenUp)
    {
        givingUp = givenUp.UnsafeRegister(static call => ((PendingCall)call!).End("it was given up"), this);
        if (IsEnded) givingUp.Unregister();
    }

    /// <summary>From now on it may have arrived; false if it has ended meanwhile. The connection's lock is held.</summary>
    public bool TryMarkSent(DialledConnection on, ulong id)
    {
        connection = on;
        Id = id;
        return Interlocked.CompareExchange(ref state, Sent, Waiting) == Waiting;
    }

    /// <summary>Ends a call of which nothing was written; false if it was, or has ended.</summary>
    public bool TryEndUnsent(CallOutcome outcome, string detail, bool isOverBound = false)
    {
        if (Interlocked.CompareExchange(ref state, Ended, Waiting) != Waiting) return false;
        Tell(new CallResult(outcome, default, detail, isOverBound));
        return true;
    }

    /// <summary>Ends a call that was written; false if it was not, or has ended.</summary>
    public bool TryEndSent(CallResult result)
    {
        if (Interlocked.CompareExchange(ref state, Ended, Sent) != Sent) return false;
        Tell(result);
        return true;
    }

    private void TimeIsUp() => End(IsUnsent ? $"it was not sent within {Timeout.TotalSeconds:0.###} s: {lane.WhyWaiting}" : $"no answer within {Timeout.TotalSeconds:0.###} s");

    private void End(string why)
    {
        if (TryEndUnsent(CallOutcome.NotSent, why))
        {
            lane.Withdraw(this);
            return;
        }

        DialledConnection? on = connection;
        if (on is not null) lane.Cancel(this, on); // before it is forgotten: that may end the connection
        on?.Forget(Id);
        TryEndSent(new CallResult(CallOutcome.Unknown, default, why));
    }

    private void Tell(in CallResult result)
    {
        Volatile.Read(ref timer)?.Dispose();
        givingUp.Unregister();
        lane.Ended(this, result.Outcome);
        try
        {
            done(result);
        }
        catch (Exception e)
        {
            lane.EndFailed(e, Kind); // the other calls of this connection go on
        }
    }
}
