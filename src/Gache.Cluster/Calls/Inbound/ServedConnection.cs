using System.Buffers;
using System.IO.Pipelines;
using Gache.Cluster.Calls.Wire;
using Gache.Primitives;

namespace Gache.Cluster.Calls.Inbound;

/// <summary>One accepted connection: hears who dials, then hands its requests to the handler and sends the answers, in whatever order they come.</summary>
internal sealed class ServedConnection(IDuplexPipe transport, string remote, Action abort, CallServerOptions options, ByteBudget budget, Complaints complaints)
{
    private const string ClosedByPeer = "it closed the connection";
    private const string Stopping = "this node is stopping";
    private static readonly OutgoingFrame Goodbye = new(FrameType.Goodbye, default, 0, default);

    private readonly FrameAssembler assembler = new(budget);
    private readonly ServedRequests requests = new(budget);
    private AnswerSender? answers;
    private Caller caller;
    private ClusterIdentity told;
    private string peer = "";
    private ulong lastId;
    private long lastRequest = options.Time.GetTimestamp();
    private long begunAt; // when the frame that is not whole yet began to come, or 0
    private int begunLength;
    private ulong begunAfter; // the last id before it
    private string? end;
    private volatile bool isStopping;

    /// <summary>The whole life of the connection.</summary>
    public async Task RunAsync(CancellationToken closed)
    {
        Task<string?>? sending = null;

        // Reading would tell, but nothing is read while too much waits to be answered.
        using CancellationTokenRegistration closing = closed.UnsafeRegister(static c => ((ServedConnection)c!).CutOff("it was closed", isFault: false), this);
        try
        {
            if (!await WelcomeAsync().ConfigureAwait(false)) return;
            answers = new AnswerSender(transport.Output, options.Time, requests, options.Counters);
            options.Counters.AcceptedCountChanged(1);
            if (isStopping) BeginStop();
            sending = SendAsync(answers);
            End(await ReceiveAsync().ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            End("it went away before it was welcome");
        }
        finally
        {
            assembler.Drop();
            requests.Close();
            if (end is not null) abort(); // nobody is there to take the rest, or it must not be waited for
            if (sending is not null)
            {
                answers!.End();
                transport.Output.CancelPendingFlush();
                await sending.ConfigureAwait(false);
                options.Counters.AcceptedCountChanged(-1);
            }

            await CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task CompleteAsync()
    {
        await transport.Input.CompleteAsync().ConfigureAwait(false);
        try
        {
            await transport.Output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It was aborted: what was left cannot be sent.
        }
    }

    /// <summary>Takes no more requests, and asks the caller to close the connection once the others are answered.</summary>
    public void BeginStop()
    {
        isStopping = true;
        answers?.Add(Goodbye);
    }

    /// <summary>Looks for what is slow, idle or expired; now and then.</summary>
    public void Watch()
    {
        long now = options.Time.GetTimestamp();
        requests.Expire(now);
        long begun = Volatile.Read(ref begunAt);
        TimeSpan allowed = CallTimes.FrameGrace + TimeSpan.FromSeconds((double)Volatile.Read(ref begunLength) / CallTimes.MinBytesPerSecond);
        if (begun != 0 && options.Time.GetElapsedTime(begun, now) > allowed) CutOff("it sends a frame too slowly", isFault: true);
        else if (options.Time.GetElapsedTime(Volatile.Read(ref lastRequest), now) > CallTimes.IdleAtReceiver && requests.Count == 0) CutOff("it is idle", isFault: false);
    }

    /// <summary>The handler's answer; from any thread.</summary>
    public void Answer(ServedRequest request, ReadOnlyMemory<byte> body)
    {
        Invariant.Holds(body.Length <= CallLimits.MaxBodyBytes, $"an answer to {request.Kind} of {body.Length} bytes; at most {CallLimits.MaxBodyBytes} are allowed");
        if (!requests.TryAnswer(request, body.Length)) return;
        options.Counters.RequestServed(request.Kind);
        answers!.Add(new OutgoingFrame(FrameType.Answer, request.Kind, request.Id, body));
    }

    // False if there is nothing to serve: whatever had to be said is said.
    private async Task<bool> WelcomeAsync()
    {
        using var deadline = new CancellationTokenSource(CallTimes.Preamble, options.Time);
        (byte[]? body, string fault) = await EnvelopeReader.ReadAsync(transport.Input, CallPreamble.DiallerMagic, deadline.Token).ConfigureAwait(false);
        CallPreamble? preamble = body is null ? null : CallPreamble.TryDecode(body, out fault);
        told = options.Identity();
        if (told.Node.IsNone) return false;
        string host = remote[..Math.Max(remote.LastIndexOf(':'), 0)];
        peer = preamble is null ? host : $"node {preamble.Sender.Node} ({host})";
        string? refusal = preamble is null ? fault : isStopping ? Stopping : told.MismatchWith(preamble.Sender, preamble.ExpectedReceiver);
        if (refusal is not null)
        {
            options.Counters.ConnectionRefused();
            if (complaints.IsNews(peer, refusal)) options.Logger.RefusedDialler(peer, refusal);
            if (body is null) return false; // it speaks no language in which it could be told
        }

        if (preamble is not null)
        {
            caller = new Caller(preamble.Sender.Node, preamble.Sender.Cluster, preamble.Sender.ProcessNonce);
            options.Handler.Met(caller);
        }

        await transport.Output.WriteAsync(new CallPreambleAnswer(told, refusal).Encode(), deadline.Token).ConfigureAwait(false);
        return refusal is null;
    }

    // Returns why it ended.
    private async Task<string> ReceiveAsync()
    {
        PipeReader input = transport.Input;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
            {
                return $"the connection broke: {e.Message}";
            }

            if (Volatile.Read(ref end) is { } reason) return reason;
            ReadOnlySequence<byte> rest = result.Buffer;
            string? fault = TakeRequests(ref rest, out bool isFull);
            NoteProgress(isFull, rest.Length);
            input.AdvanceTo(rest.Start, isFull ? rest.Start : rest.End);
            if (fault is not null)
            {
                options.Counters.BadFrame();
                if (complaints.IsNews(peer, fault)) options.Logger.CutOff(peer, fault);
                return fault;
            }

            if (isFull) await requests.RoomAsync().ConfigureAwait(false);
            else if (result.IsCompleted) return ClosedByPeer;
        }
    }

    private string? TakeRequests(ref ReadOnlySequence<byte> rest, out bool isFull)
    {
        isFull = false;
        while (!isFull)
        {
            switch (assembler.Read(ref rest, out ReceivedFrame frame, out string? fault))
            {
                case FrameRead.Incomplete: return null;
                case FrameRead.Bad: return fault;
            }

            FrameHead head = frame.Head;
            if (head.Type == FrameType.Cancel)
            {
                budget.Return(frame.HeldBytes);
                requests.Abandon(head.RequestId);
                continue;
            }

            bool isRequest = head.Type == FrameType.Request && head.RequestId > lastId;
            if (!isRequest)
            {
                budget.Return(frame.HeldBytes);
                return head.Type == FrameType.Request ? "a request comes again, or out of order" : "a frame that only an acceptor sends";
            }

            lastId = head.RequestId;
            options.Counters.FrameReceived(FrameHead.Length + head.BodyLength);
            if (!Take(frame, out isFull)) return $"a {head.Kind} request failed here";
        }

        return null;
    }

    private bool Take(in ReceivedFrame frame, out bool isFull)
    {
        long now = options.Time.GetTimestamp();
        FrameHead head = frame.Head;
        TimeSpan patience = TimeSpan.FromMilliseconds(Math.Min(head.TimeoutMilliseconds, CallLimits.MaxTimeout.TotalMilliseconds));
        var request = new ServedRequest(this, head.RequestId, head.Kind, now + (long)(patience.TotalSeconds * options.Time.TimestampFrequency), frame.HeldBytes);
        Volatile.Write(ref lastRequest, now);
        isFull = !requests.Add(request);
        if (WhyNot(frame) is { } refusal)
        {
            options.Counters.RequestRefused();
            if (complaints.IsNews(peer, refusal)) options.Logger.RefusedRequest(peer, refusal);
            byte[] words = CallPreambleAnswer.Words(refusal);
            if (requests.TryAnswer(request, words.Length)) answers!.Add(new OutgoingFrame(FrameType.Refusal, head.Kind, head.RequestId, words, IsForNoRoom: frame.IsDropped));
            return true;
        }

        options.Counters.RequestReceived(head.Kind);
        try
        {
            if (head.Kind == CallKind.ForwardWait) options.Handler.Handle(caller, head.Kind, frame.Body, request.Answer, request.Abandoned);
            else options.Handler.Handle(caller, head.Kind, frame.Body, request.Answer);
            return true;
        }
        catch (Exception e)
        {
            // It must not throw; if it does, the other connections and the port go on.
            options.Logger.HandlerFailed(e, head.Kind, peer);
            return false;
        }
    }

    // Asked for each request: what was agreed on in the preamble may have changed since.
    private string? WhyNot(in ReceivedFrame frame)
    {
        ClusterIdentity own = options.Identity();
        if (own != told && own.MismatchWith(new ClusterIdentity(caller.Node, caller.Cluster, caller.ProcessNonce), told.Node) is { } mismatch)
        {
            answers!.Add(Goodbye); // it learns by dialling anew who we are now
            return mismatch;
        }

        if (isStopping) return Stopping;
        if (frame.IsDropped) return "this node is overloaded: requests that it has not answered yet take all the memory there is for them";
        return !frame.Head.Kind.IsKnown() ? $"this node does not know calls of kind {(byte)frame.Head.Kind}" : null;
    }

    private void NoteProgress(bool isFull, long rest)
    {
        bool hasBegun = !isFull && (assembler.BegunLength > 0 || rest > 0);
        Volatile.Write(ref begunLength, assembler.BegunLength);
        if (!hasBegun) Volatile.Write(ref begunAt, 0);
        else if (begunAt == 0 || begunAfter != lastId) Volatile.Write(ref begunAt, options.Time.GetTimestamp());
        begunAfter = lastId;
    }

    private async Task<string?> SendAsync(AnswerSender sender)
    {
        string? fault = await sender.RunAsync().ConfigureAwait(false);
        if (fault is not null) CutOff(fault, isFault: false);
        return fault;
    }

    private void CutOff(string reason, bool isFault)
    {
        if (!End(reason)) return;
        if (isFault && complaints.IsNews(peer, reason)) options.Logger.CutOff(peer, reason);
        transport.Input.CancelPendingRead();
        requests.Close(); // a receiver that waits for room must not wait any more
    }

    private bool End(string reason) => Interlocked.CompareExchange(ref end, reason, null) is null;
}
