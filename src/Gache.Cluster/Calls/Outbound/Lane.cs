using System.Diagnostics.CodeAnalysis;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster.Calls.Outbound;

/// <summary>The calls to one address that share a connection, in their order; dials when there are calls, and closes when there were none for long.</summary>
internal sealed class Lane(string address, LaneKind kind, CallClientOptions options, CallDialler dialler, CancellationToken stopped)
{
    private const int GatherCount = 256;
    private const string Stopping = "this node is stopping";

    private readonly Lock gate = new();
    private readonly LinkedList<PendingCall> waiting = [];
    private readonly Queue<(DialledConnection On, ulong Id)> cancelled = new();
    private readonly List<(DialledConnection Connection, FrameWriter Writer)> retired = []; // with calls under way that may still be given up; the runner's
    private readonly DialPace pace = new(options.Time);
    private int pendingCalls;
    private long pendingBytes;
    private Task running = Task.CompletedTask;
    private TaskCompletionSource? bell;
    private int dials;
    private bool isRung;
    private bool isClosed;
    private volatile string why = "it waits for its turn";

    /// <summary>What keeps calls from being sent now, for those whose time is up.</summary>
    public string WhyWaiting => why;

    /// <summary>Ends when nothing runs any more.</summary>
    public Task Running
    {
        get
        {
            lock (gate) return running;
        }
    }

    /// <summary>Takes a call, or ends it as not sent; false if the lane was closed meanwhile, and another must be asked for.</summary>
    public bool TryAdd(PendingCall call)
    {
        string? refusal;
        lock (gate)
        {
            if (isClosed) return false;
            refusal = OverBound(call.BodyLength);
            pendingCalls++;
            pendingBytes += call.BodyLength;
            if (refusal is null)
            {
                call.Place = waiting.AddLast(call);
                Ring();
                if (running.IsCompleted) running = Task.Run(RunAsync, CancellationToken.None);
            }
        }

        if (refusal is null) call.StartTimer(options.Time);
        else EndUnsent([call], CallOutcome.NotSent, refusal, isOverBound: true);
        return true;
    }

    /// <summary>Its time is up before it was sent.</summary>
    public void Withdraw(PendingCall call)
    {
        lock (gate)
        {
            if (call.Place is not { } place) return;
            waiting.Remove(place);
            call.Place = null;
        }
    }

    /// <summary>The receiver of a call that was sent is to be told that nobody waits for the answer; of those that wait long alone, as others are answered soon
    /// anyway.</summary>
    public void Cancel(PendingCall call, DialledConnection on)
    {
        if (kind != LaneKind.Waiting) return;
        bool isBehind;
        lock (gate)
        {
            isBehind = cancelled.Count >= CallLimits.MaxPendingCalls;
            if (!isBehind) cancelled.Enqueue((on, call.Id));
            Ring();
            if (running.IsCompleted && !isClosed) running = Task.Run(RunAsync, CancellationToken.None); // on a retired connection, which no runner waits for
        }

        if (isBehind) on.End("it took nothing while many calls were given up");
    }

    /// <summary>A call ended; called once for each that was added.</summary>
    public void Ended(PendingCall call, CallOutcome outcome)
    {
        options.Counters.CallEnded(call.Kind, outcome);
        lock (gate)
        {
            pendingCalls--;
            pendingBytes -= call.BodyLength;
        }
    }

    /// <summary>What the caller does at the end of a call threw.</summary>
    public void EndFailed(Exception failure, CallKind kind) => options.Logger.EndFailed(failure, kind);

    /// <summary>Closes it if it has neither calls nor a connection.</summary>
    public bool TryCloseIdle()
    {
        lock (gate)
        {
            if (!running.IsCompleted || pendingCalls > 0) return false;
            return isClosed = true;
        }
    }

    /// <summary>Takes no more calls; those that wait end as not sent.</summary>
    public void Close()
    {
        lock (gate) isClosed = true;
        EndUnsent(TakeWaiting(_ => true), CallOutcome.NotSent, Stopping);
        Wake();
    }

    private string? OverBound(int bodyLength)
    {
        long maxBytes = kind == LaneKind.Bulk ? CallLimits.MaxPendingBulkBytes : CallLimits.MaxPendingControlBytes;
        if (pendingCalls >= (kind == LaneKind.Waiting ? CallLimits.MaxWaitingCalls : CallLimits.MaxPendingCalls)) return $"{pendingCalls} calls to {address} are under way already";
        return pendingCalls > 0 && pendingBytes + bodyLength > maxBytes ? $"calls to {address} with {pendingBytes} bytes are under way already" : null;
    }

    private async Task RunAsync()
    {
        DialledConnection? connection = null;
        FrameWriter? writer = null;
        while (true)
        {
            if (connection is { IsUsable: true } && connection.Told != options.Identity()) connection.Retire(); // we belong to a cluster now
            if (connection is not { IsUsable: true })
            {
                if (connection?.HasAnswered == true) pace.Succeeded();
                if (connection is not null && kind == LaneKind.Waiting) retired.Add((connection, writer!));
                connection = null;
                await WriteCancelledAsync(null, null).ConfigureAwait(false);
                if (TryRest(out bool hasCalls)) return;
                if (!hasCalls) continue; // one more was given up
                connection = await DialAsync().ConfigureAwait(false);
                if (connection is null) continue;
                writer = new FrameWriter(connection.Output, options.Time);
            }

            if (await SendWaitingAsync(connection, writer!).ConfigureAwait(false)) continue;
            bool isIdle = !await RungAsync(connection.IsOneOfMany ? CallTimes.IdleOfMany : CallTimes.Idle).ConfigureAwait(false);
            if (isIdle && !(kind == LaneKind.Waiting && connection.HasCalls)) connection.Retire(); // else it may still have to say that one is given up
        }
    }

    private async Task<DialledConnection?> DialAsync()
    {
        await pace.WaitAsync(stopped).ConfigureAwait(false);
        NodeId expected = FirstExpected();
        why = "it is being connected";
        CallDialled dialled = await dialler.DialAsync(address, options.Identity(), expected, dials++, stopped).ConfigureAwait(false);
        if (dialled.Connection is { } connection)
        {
            why = "the receiver does not take what was sent before it";
            _ = ReceiveAsync(connection);
            return connection;
        }

        why = dialled.Fault;
        if (!stopped.IsCancellationRequested && pace.LevelOf(dialled.Fault) is var level and not LogLevel.None) options.Logger.DialFailed(level, address, dialled.Fault);
        CallOutcome outcome = dialled.IsRefused ? CallOutcome.Refused : CallOutcome.NotSent;

        // Refused because another was expected there: those who take anybody, or that one, try again.
        bool isOtherNode = dialled.IsRefused && !expected.IsNone && !dialled.Met.Node.IsNone && dialled.Met.Node != expected;
        EndUnsent(TakeWaiting(call => !isOtherNode || call.ExpectedReceiver == expected), outcome, dialled.Fault);
        return null;
    }

    // Owns the connection's receiving side; when that ends, the runner must look.
    private async Task ReceiveAsync(DialledConnection connection)
    {
        options.Counters.DialledCountChanged(1);
        using CancellationTokenRegistration stopping = stopped.UnsafeRegister(static c => ((DialledConnection)c!).End("this node stopped"), connection);
        (string reason, int calls) = await connection.ReceiveAsync().ConfigureAwait(false);
        options.Counters.DialledCountChanged(-1);
        if (calls > 0 && pace.IsNews(reason) && !stopped.IsCancellationRequested) options.Logger.ConnectionLost(connection.Met.Node, address, calls, reason);
        Wake();
    }

    // False if there is nothing to send.
    private async Task<bool> SendWaitingAsync(DialledConnection connection, FrameWriter writer)
    {
        bool hasCancelled = await WriteCancelledAsync(connection, writer).ConfigureAwait(false); // first: they make room at the receiver
        List<PendingCall> taken = Gather();
        for (int i = 0; i < taken.Count; i++)
        {
            PendingCall call = taken[i];
            if (!call.ExpectedReceiver.IsNone && call.ExpectedReceiver != connection.Met.Node)
            {
                call.TryEndUnsent(CallOutcome.Refused, $"node {call.ExpectedReceiver} was expected at {address}, and node {connection.Met.Node} is there");
                continue;
            }

            ulong id = connection.TryBegin(call);
            if (id == 0)
            {
                if (connection.IsUsable) continue; // its time was up
                PutBack(taken[i..]);
                return true;
            }

            options.Counters.CallSent(call.Kind);
            var head = new FrameHead(FrameType.Request, call.Kind, id, (uint)call.Timeout.TotalMilliseconds, call.BodyLength, 0);
            if (!await writer.WriteAsync(head, call.Body, call.BodySum).ConfigureAwait(false)) break;
            options.Counters.FrameWritten(FrameHead.Length + call.BodyLength);
        }

        if (taken.Count > 0 || hasCancelled) await writer.FlushAsync().ConfigureAwait(false);
        if (writer.Fault is { } fault)
        {
            connection.End(fault);
            PutBack(taken);
        }

        return taken.Count > 0 || hasCancelled;
    }

    private async Task<bool> WriteCancelledAsync(DialledConnection? connection, FrameWriter? writer)
    {
        bool hasWritten = false;
        retired.RemoveAll(one => !one.Connection.HasCalls);
        while (TakeCancelled(out DialledConnection? on, out ulong id))
        {
            FrameWriter? to = on == connection ? writer : retired.Find(one => one.Connection == on).Writer;
            if (to is null) continue; // it has ended, which says it too
            var head = new FrameHead(FrameType.Cancel, CallKind.ForwardWait, id, 0, 0, 0);
            bool isWritten = await to.WriteAsync(head, default, FrameHead.SumOf([])).ConfigureAwait(false);
            if (isWritten) options.Counters.FrameWritten(FrameHead.Length);
            if (on == connection)
            {
                if (!isWritten) break;
                hasWritten = true;
            }
            else if (!isWritten || !await to.FlushAsync().ConfigureAwait(false))
            {
                on.End(to.Fault!); // which says it, too
            }
        }

        return hasWritten;
    }

    private bool TakeCancelled([NotNullWhen(true)] out DialledConnection? on, out ulong id)
    {
        lock (gate)
        {
            bool isThere = cancelled.TryDequeue(out (DialledConnection On, ulong Id) next);
            (on, id) = next;
            return isThere;
        }
    }

    private List<PendingCall> Gather()
    {
        var taken = new List<PendingCall>();
        long bytes = 0;
        lock (gate)
        {
            while (waiting.First is { } first && taken.Count < GatherCount && bytes < CallLimits.SmallBodyBytes)
            {
                waiting.RemoveFirst();
                first.Value.Place = null;
                taken.Add(first.Value);
                bytes += first.Value.BodyLength;
            }
        }

        return taken;
    }

    // Only those that are unsent and not ended; the others are told apart by their state.
    private void PutBack(List<PendingCall> calls)
    {
        lock (gate)
        {
            for (int i = calls.Count - 1; i >= 0 && !isClosed; i--)
            {
                if (calls[i].IsUnsent) calls[i].Place = waiting.AddFirst(calls[i]);
            }

            if (!isClosed) return;
        }

        EndUnsent(calls, CallOutcome.NotSent, Stopping);
    }

    private NodeId FirstExpected()
    {
        lock (gate) return waiting.First?.Value.ExpectedReceiver ?? default;
    }

    private List<PendingCall> TakeWaiting(Predicate<PendingCall> which)
    {
        var taken = new List<PendingCall>();
        lock (gate)
        {
            for (LinkedListNode<PendingCall>? node = waiting.First; node is not null;)
            {
                LinkedListNode<PendingCall>? next = node.Next;
                if (which(node.Value))
                {
                    waiting.Remove(node);
                    node.Value.Place = null;
                    taken.Add(node.Value);
                }

                node = next;
            }
        }

        return taken;
    }

    // Not on the caller's thread: what follows may call again.
    private static void EndUnsent(List<PendingCall> calls, CallOutcome outcome, string detail, bool isOverBound = false)
    {
        foreach (PendingCall call in calls)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static end => end.call.TryEndUnsent(end.outcome, end.detail, end.isOverBound), (call, outcome, detail, isOverBound), preferLocal: false);
        }
    }

    // True if there is nothing to do and no connection: the next call begins anew.
    private bool TryRest(out bool hasCalls)
    {
        lock (gate)
        {
            hasCalls = waiting.Count > 0;
            if (hasCalls || cancelled.Count > 0) return false;
            running = Task.CompletedTask;
            return true;
        }
    }

    private void Wake()
    {
        lock (gate) Ring();
    }

    private void Ring()
    {
        isRung = true;
        bell?.TrySetResult();
        bell = null;
    }

    // False if nothing happened for so long that the connection is not worth keeping.
    private async ValueTask<bool> RungAsync(TimeSpan patience)
    {
        Task rung;
        lock (gate)
        {
            if (isRung)
            {
                isRung = false;
                return true;
            }

            bell = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            rung = bell.Task;
        }

        long began = options.Time.GetTimestamp();
        try
        {
            await rung.WaitAsync(patience, options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }

        // After a pause of this process the other end may have closed what we are about to use.
        return options.Time.GetElapsedTime(began) < patience;
    }
}
