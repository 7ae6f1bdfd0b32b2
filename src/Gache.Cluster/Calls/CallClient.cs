using Gache.Cluster.Calls.Outbound;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Calls over TCP: up to three connections to each address, dialled when there is a call: control, bulk for what may be large, and one for
/// calls that wait long, so that they are in nobody's way.</summary>
/// <remarks>
/// A call is sent at most once (P11): <see cref="CallOutcome.NotSent"/> is said only of what was never handed to a connection whose peer was
/// accepted, <see cref="CallOutcome.Refused"/> only if the receiver said so itself or was met to be another node than expected.
/// </remarks>
public sealed class CallClient : ICalls, IAsyncDisposable
{
    private readonly CallClientOptions options;
    private readonly CallDialler dialler;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Dictionary<(string Address, LaneKind Kind), Lane> lanes = [];
    private bool isStopped;

    /// <summary>Makes a caller; nothing is dialled before the first call.</summary>
    public CallClient(CallClientOptions options)
    {
        this.options = options;
        dialler = new CallDialler(options, new ByteBudget(CallLimits.MaxBytesOfAllConnections, CallLimits.ReservedForSmallBytes));
    }

    /// <summary>What it did so far.</summary>
    public CallCounters Counters => options.Counters;

    /// <summary>How many connections, up to three an address, are remembered now, open or not.</summary>
    internal int RememberedLanes
    {
        get
        {
            lock (gate) return lanes.Count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// <paramref name="done"/> is never told within this call. A body that changes before its call has ended is found by its checksum at the
    /// receiver, which then closes the connection.
    /// </remarks>
    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) =>
        Call(address, expectedReceiver, kind, body, timeout, done, CancellationToken.None);

    /// <inheritdoc/>
    public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done, CancellationToken givenUp)
    {
        Invariant.Holds(body.Length <= CallLimits.MaxBodyBytes, $"a {kind} call of {body.Length} bytes; at most {CallLimits.MaxBodyBytes} are allowed");
        if (timeout > CallLimits.MaxTimeout) timeout = CallLimits.MaxTimeout;
        if (timeout < TimeSpan.FromMilliseconds(1)) timeout = TimeSpan.FromMilliseconds(1);
        LaneKind way = kind == CallKind.ForwardWait ? LaneKind.Waiting : kind.IsBulk() || body.Length > CallLimits.SmallBodyBytes ? LaneKind.Bulk : LaneKind.Control;
        while (true)
        {
            if (Find(address, way, out CallResult refusal) is not { } lane)
            {
                options.Counters.CallEnded(kind, CallOutcome.NotSent);
                ThreadPool.UnsafeQueueUserWorkItem(static end => end.done(end.refusal), (done, refusal), preferLocal: false);
                return;
            }

            var call = new PendingCall(lane, expectedReceiver, kind, body, timeout, done);
            if (!lane.TryAdd(call)) continue;
            if (givenUp.CanBeCanceled) call.GiveUpWhen(givenUp);
            return;
        }
    }

    /// <summary>Closes all connections: calls that wait end as not sent, those under way as unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        Lane[] closing;
        lock (gate)
        {
            if (isStopped) return;
            isStopped = true;
            closing = [.. lanes.Values];
            lanes.Clear();
        }

        await stop.CancelAsync().ConfigureAwait(false);
        foreach (Lane lane in closing) lane.Close();
        foreach (Lane lane in closing) await lane.Running.ConfigureAwait(false);
        stop.Dispose();
    }

    private const int LanesAnAddress = 2; // a third is seldom needed, and counts against the same bound

    private Lane? Find(string address, LaneKind way, out CallResult refusal)
    {
        lock (gate)
        {
            refusal = default;
            if (isStopped) refusal = new CallResult(CallOutcome.NotSent, default, "this node is stopping");
            else if (lanes.TryGetValue((address, way), out Lane? known)) return known;
            else if (lanes.Count >= CallLimits.MaxAddresses * LanesAnAddress && !ForgetIdle())
                refusal = new CallResult(CallOutcome.NotSent, default, $"{CallLimits.MaxAddresses} other addresses are called already", IsOverBound: true);
            if (refusal.Detail is not null) return null;
            return lanes[(address, way)] = new Lane(address, way, options, dialler, stop.Token);
        }
    }

    private bool ForgetIdle()
    {
        foreach ((var key, Lane lane) in lanes)
        {
            if (lane.TryCloseIdle()) lanes.Remove(key);
        }

        return lanes.Count < CallLimits.MaxAddresses * LanesAnAddress;
    }
}
