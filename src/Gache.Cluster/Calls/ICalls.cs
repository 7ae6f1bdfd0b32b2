using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>The way to other nodes' cluster ports: one request, one answer. Real, and simulated.</summary>
public interface ICalls
{
    /// <summary>Sends a request; never blocks.</summary>
    /// <param name="address">The receiver's cluster address, host:port.</param>
    /// <param name="expectedReceiver">Whom the caller means to meet there; none for whoever answers.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">The request, at most <see cref="CallLimits.MaxBodyBytes"/>; not changed until the end of the call.</param>
    /// <param name="timeout">After it the outcome is <see cref="CallOutcome.Unknown"/> (or <see cref="CallOutcome.NotSent"/>).</param>
    /// <param name="done">Told exactly once, on any thread; must not block.</param>
    void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done);

    /// <summary>Sends a request that may wait long for its answer (<see cref="CallKind.ForwardWait"/>); else as the other.</summary>
    /// <param name="address">The receiver's cluster address, host:port.</param>
    /// <param name="expectedReceiver">Whom the caller means to meet there; none for whoever answers.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">The request; not changed until the end of the call.</param>
    /// <param name="timeout">At most <see cref="CallLimits.MaxTimeout"/>.</param>
    /// <param name="done">Told exactly once, on any thread; must not block.</param>
    /// <param name="givenUp">The call ends at once, and the receiver is told as far as it can be.</param>
    void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done, CancellationToken givenUp) =>
        Call(address, expectedReceiver, kind, body, timeout, done);
}

/// <summary>How a call ended.</summary>
public enum CallOutcome
{
    /// <summary>The receiver answered.</summary>
    Answered,

    /// <summary>It surely did not arrive: there was no connection.</summary>
    NotSent,

    /// <summary>It was sent, and nothing is known: it may have been carried out, or be still.</summary>
    Unknown,

    /// <summary>The receiver refused the caller by name (another cluster, another node); surely nothing was carried out.</summary>
    Refused,
}

/// <summary>The end of a call.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Body">The answer, if there is one.</param>
/// <param name="Detail">In words why there is none; empty if there is one.</param>
/// <param name="IsOverBound">There is none because one of the two ends had no room for the call or its answer (P10): later there will be.</param>
public readonly record struct CallResult(CallOutcome Outcome, ReadOnlyMemory<byte> Body, string Detail, bool IsOverBound = false);

/// <summary>Who calls.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Cluster">Its cluster; none while it seeks one.</param>
/// <param name="ProcessNonce">Differs between two processes of one node.</param>
public readonly record struct Caller(NodeId Node, ClusterId Cluster, ulong ProcessNonce);

/// <summary>Takes the calls that arrive at this node's cluster port.</summary>
public interface ICallHandler
{
    /// <summary>Somebody dialled, and may have been refused: also who looks for another node at this address tells that there is a cluster.</summary>
    /// <param name="who">Who dialled.</param>
    void Met(Caller who)
    {
    }

    /// <summary>Takes one call; never blocks and never throws for bad bytes.</summary>
    /// <param name="from">Who calls.</param>
    /// <param name="kind">What is asked for; not necessarily one that this version knows.</param>
    /// <param name="body">Valid until the answer is given.</param>
    /// <param name="answer">Called at most once, from any thread, now or later; never called leaves the caller with its timeout.</param>
    void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer);

    /// <summary>Takes a call that may wait long (<see cref="CallKind.ForwardWait"/>).</summary>
    /// <param name="from">Who calls.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">Valid until the answer is given.</param>
    /// <param name="answer">As above.</param>
    /// <param name="abandoned">The caller gave it up, or has gone: nobody takes an answer any more.</param>
    void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned) => Handle(from, kind, body, answer);
}
