using System.Buffers;
using System.IO.Pipelines;
using Gache.Cluster.Calls.Wire;

namespace Gache.Cluster.Calls.Outbound;

/// <summary>One connection that we dialled and whose peer was accepted: gives requests their ids, and matches what comes back.</summary>
internal sealed class DialledConnection(IDuplexPipe transport, Action close, ClusterIdentity told, ClusterIdentity met, ByteBudget budget, CallCounters counters)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, PendingCall> pending = [];
    private readonly FrameAssembler assembler = new(budget);
    private ulong lastId;
    private string? end;
    private bool isRetired;

    /// <summary>Who we said we are.</summary>
    public ClusterIdentity Told { get; } = told;

    /// <summary>Who is there.</summary>
    public ClusterIdentity Met { get; } = met;

    /// <summary>Other nodes have the same name: it is not kept for long, so that they are met as well.</summary>
    public bool IsOneOfMany { get; set; }

    /// <summary>Where requests are written; by one writer.</summary>
    public PipeWriter Output => transport.Output;

    /// <summary>False once no more requests may be sent on it.</summary>
    public bool IsUsable
    {
        get
        {
            lock (gate) return end is null && !isRetired;
        }
    }

    /// <summary>True while calls are under way on it.</summary>
    public bool HasCalls
    {
        get
        {
            lock (gate) return pending.Count > 0;
        }
    }

    /// <summary>True once any frame came: it does more than accept and close.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Takes a call for sending and says its id; 0 if the connection is not usable any more, or the call has ended.</summary>
    public ulong TryBegin(PendingCall call)
    {
        lock (gate)
        {
            if (end is not null || isRetired || !call.TryMarkSent(this, lastId + 1)) return 0;
            pending.Add(++lastId, call);
            return lastId;
        }
    }

    /// <summary>Nobody waits for this answer any more; if it comes it is ignored.</summary>
    public void Forget(ulong id)
    {
        bool isDrained;
        lock (gate) isDrained = pending.Remove(id) && isRetired && pending.Count == 0;
        if (isDrained) End("it is done with");
    }

    /// <summary>No more requests go this way; it is closed when those under way are answered.</summary>
    public void Retire()
    {
        bool isDrained;
        lock (gate)
        {
            isRetired = true;
            isDrained = pending.Count == 0;
        }

        if (isDrained) End("it is done with");
    }

    /// <summary>Closes it; calls under way end as unknown. Only the first reason counts.</summary>
    /// <returns>How many calls were under way; -1 if it was closed already.</returns>
    public int End(string reason)
    {
        PendingCall[] cut;
        lock (gate)
        {
            if (end is not null) return -1;
            end = reason;
            cut = [.. pending.Values];
            pending.Clear();
        }

        close();
        foreach (PendingCall call in cut) call.TryEndSent(new CallResult(CallOutcome.Unknown, default, $"it was sent, and before the answer {reason}"));
        return cut.Length;
    }

    /// <summary>Receives until the connection ends; says why, and how many calls were under way then.</summary>
    public async Task<(string Reason, int Calls)> ReceiveAsync()
    {
        string reason = await ReceiveFramesAsync().ConfigureAwait(false);
        assembler.Drop();
        int calls = End(reason);
        await transport.Input.CompleteAsync().ConfigureAwait(false);
        return (reason, calls);
    }

    private async Task<string> ReceiveFramesAsync()
    {
        while (true)
        {
            try
            {
                ReadResult result = await transport.Input.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> rest = result.Buffer;
                string? fault = TakeFrames(ref rest);
                transport.Input.AdvanceTo(rest.Start, rest.End);
                if (fault is not null)
                {
                    counters.BadFrame();
                    return fault;
                }

                if (result.IsCompleted || result.IsCanceled) return "the other end closed the connection";
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                return $"the connection broke: {e.Message}";
            }
        }
    }

    private string? TakeFrames(ref ReadOnlySequence<byte> rest)
    {
        while (true)
        {
            switch (assembler.Read(ref rest, out ReceivedFrame frame, out string? fault))
            {
                case FrameRead.Incomplete: return null;
                case FrameRead.Bad: return fault;
            }

            budget.Return(frame.HeldBytes); // it is the caller's from here on
            counters.FrameReceived(FrameHead.Length + frame.Head.BodyLength);
            HasAnswered = true;
            switch (frame.Head.Type)
            {
                case FrameType.Answer or FrameType.Refusal when IsOurs(frame.Head, out PendingCall? call, out bool isDrained):
                    call?.TryEndSent(ResultOf(frame));
                    if (isDrained) End("it is done with");
                    break;
                case FrameType.Goodbye:
                    Retire();
                    break;
                default:
                    return "an answer to what was never asked";
            }
        }
    }

    // False for an id that was never given, or the answer to another kind; a call that is null has ended before.
    private bool IsOurs(in FrameHead head, out PendingCall? call, out bool isDrained)
    {
        isDrained = false;
        lock (gate)
        {
            if (!pending.TryGetValue(head.RequestId, out call)) return head.RequestId > 0 && head.RequestId <= lastId;
            if (call.Kind != head.Kind) return false;
            pending.Remove(head.RequestId);
            isDrained = isRetired && pending.Count == 0;
            return true;
        }
    }

    private static CallResult ResultOf(in ReceivedFrame frame)
    {
        if (frame.Head.Type == FrameType.Refusal) return new CallResult(CallOutcome.Refused, default, CallPreambleAnswer.ReadWords(frame.Body.Span), frame.Head.IsForNoRoom);
        return frame.IsDropped
            ? new CallResult(CallOutcome.Unknown, default, "it was carried out, but there was no memory for its answer", IsOverBound: true)
            : new CallResult(CallOutcome.Answered, frame.Body, "");
    }
}
