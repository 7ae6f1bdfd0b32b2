using System.IO.Pipelines;
using Gache.Server.Http.Keys;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http.Many;

/// <summary>Clients that a bounded budget is held for while they take an answer or bring a body (P10): where another finds no room in that budget, the one
/// that has stood still for longest is cut off.</summary>
/// <remarks>
/// Kestrel's own bound is an average over all that was sent: a client that was quick at first may stand still for minutes. Nobody is cut off while there
/// is room, however slow; and nobody for want of what it does not hold. A budget is named by the object that counts it.
/// </remarks>
internal sealed class SlowClients(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Standstill> waiting = []; // who has stood still for longest is first

    /// <summary>Sends some of an answer's body; the memory may be used again when it returns.</summary>
    /// <param name="context">The request.</param>
    /// <param name="bytes">What is sent.</param>
    /// <param name="held">A budget of which something is held meanwhile; null for none.</param>
    /// <param name="alsoHeld">Another one.</param>
    /// <returns>False if the client has gone, or was cut off.</returns>
    public async Task<bool> SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, object? held, object? alsoHeld = null)
    {
        PipeWriter writer = context.Response.BodyWriter;
        for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty;)
        {
            int count = Math.Min(rest.Length, ManyLimits.SliceBytes);
            ValueTask<FlushResult> flush = writer.WriteAsync(rest[..count]);
            FlushResult taken = flush.IsCompletedSuccessfully ? flush.Result : await WaitAsync(context, flush.AsTask(), held, alsoHeld).ConfigureAwait(false);
            if (taken.IsCompleted || taken.IsCanceled) return false;
            rest = rest[count..];
        }

        return true;
    }

    /// <summary>Looks after the sender of a body; to be disposed when the body was taken.</summary>
    /// <param name="context">The request.</param>
    /// <param name="held">The budget of which its share is.</param>
    public Sender Receive(HttpContext context, object held) => new(this, context.Features.Get<IHttpRequestLifetimeFeature>(), held);

    /// <summary>Somebody found no room in a budget: cuts off the client that has stood still for longest among those that hold some of it, if that is
    /// <see cref="ManyLimits.LongestStandstill"/> or more. What is held for it is free a moment later; until then no other is cut off for this budget.</summary>
    /// <returns>Whether room is being made.</returns>
    public bool MakeRoom(object budget)
    {
        Standstill? slow = null;
        lock (gate)
        {
            foreach (Standstill one in waiting)
            {
                if (!one.IsCutOff && time.GetElapsedTime(one.Since) < ManyLimits.LongestStandstill) return false;
                if (one.Held != budget && one.AlsoHeld != budget) continue;
                if (one.IsCutOff) return true;
                one.IsCutOff = true;
                slow = one;
                break;
            }
        }

        slow?.Request.Abort();
        return slow is not null;
    }

    /// <summary>Takes a share of a budget; where that is used up, makes room once and waits, for <see cref="ManyLimits.LongestStandstill"/> at most.</summary>
    /// <param name="share">The share.</param>
    /// <param name="bytes">How much is needed.</param>
    /// <param name="gone">The client has gone.</param>
    /// <returns>False if there was no room.</returns>
    public async Task<bool> WaitForRoomAsync(BodyShare share, int bytes, CancellationToken gone)
    {
        bool hasMadeRoom = false;
        long began = time.GetTimestamp();
        while (!share.TryGrow(bytes))
        {
            hasMadeRoom = hasMadeRoom || MakeRoom(share.Budget);
            if (time.GetElapsedTime(began) >= ManyLimits.LongestStandstill) return false;
            await Task.Delay(ManyLimits.LookAgain, gone).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<FlushResult> WaitAsync(HttpContext context, Task<FlushResult> flush, object? held, object? alsoHeld)
    {
        if (held is null || context.Features.Get<IHttpRequestLifetimeFeature>() is not { } request) return await flush.ConfigureAwait(false);
        LinkedListNode<Standstill> place = Begin(new Standstill(request, held, alsoHeld));
        FlushResult taken;
        bool isCutOff;
        try
        {
            taken = await flush.ConfigureAwait(false);
        }
        finally
        {
            isCutOff = End(place);
        }

        // It may have gone on in the very moment: then it ends here nevertheless, or the connection's next request would be the one cut off.
        if (!isCutOff) return taken;
        request.Abort();
        return new FlushResult(isCanceled: true, isCompleted: true);
    }

    private LinkedListNode<Standstill> Begin(Standstill one)
    {
        lock (gate)
        {
            one.Since = time.GetTimestamp();
            return waiting.AddLast(one);
        }
    }

    private void Renew(LinkedListNode<Standstill> place)
    {
        lock (gate)
        {
            if (place.Value.IsCutOff) return;
            waiting.Remove(place);
            place.Value.Since = time.GetTimestamp();
            waiting.AddLast(place);
        }
    }

    /// <summary>It goes on.</summary>
    /// <returns>Whether it was cut off meanwhile.</returns>
    private bool End(LinkedListNode<Standstill> place)
    {
        lock (gate) waiting.Remove(place);
        return place.Value.IsCutOff;
    }

    /// <summary>The sender of one body: it stands still for as long as it brings no further <see cref="ManyLimits.SliceBytes"/>, or the end.</summary>
    internal sealed class Sender(SlowClients clients, IHttpRequestLifetimeFeature? request, object held) : IDisposable
    {
        private LinkedListNode<Standstill>? place;
        private int arrived;

        /// <summary>Waits for more of the body.</summary>
        /// <param name="read">What is waited for.</param>
        /// <param name="sofar">Bytes that came before.</param>
        /// <exception cref="OperationCanceledException">It was cut off.</exception>
        public async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read, int sofar)
        {
            if (read.IsCompletedSuccessfully || request is null) return await read.ConfigureAwait(false);
            if (place is null)
            {
                (place, arrived) = (clients.Begin(new Standstill(request, held, null)), sofar);
            }
            else if (sofar - arrived >= ManyLimits.SliceBytes)
            {
                clients.Renew(place);
                arrived = sofar;
            }

            ReadResult result = await read.ConfigureAwait(false);
            if (!place.Value.IsCutOff) return result;
            request.Abort();
            throw new OperationCanceledException("the body's sender stood still, and others needed its room");
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            // Cut off in the very moment in which its body was complete: as above.
            if (place is not null && clients.End(place)) request?.Abort();
            place = null;
        }
    }

    private sealed class Standstill(IHttpRequestLifetimeFeature request, object held, object? alsoHeld)
    {
        public IHttpRequestLifetimeFeature Request { get; } = request;

        public object Held { get; } = held;

        public object? AlsoHeld { get; } = alsoHeld;

        public long Since { get; set; }

        public bool IsCutOff { get; set; }
    }
}
