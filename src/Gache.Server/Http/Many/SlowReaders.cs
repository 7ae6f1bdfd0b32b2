using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http.Many;

/// <summary>Clients that memory is held for while they take an answer (P10): where others find no room, the one that has taken nothing for longest is cut off.</summary>
/// <remarks>
/// Kestrel's own bound is an average over all that was sent: a client that was quick at first may stand still for minutes. Nobody is cut off while there
/// is room, however slow.
/// </remarks>
internal sealed class SlowReaders(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Standstill> waiting = []; // who waits for longest is first

    /// <summary>Sends some of an answer's body; the memory may be used again when it returns.</summary>
    /// <returns>False if the client has gone, or was cut off.</returns>
    public async Task<bool> SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        PipeWriter writer = context.Response.BodyWriter;
        for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty;)
        {
            int count = Math.Min(rest.Length, ManyLimits.SliceBytes);
            ValueTask<FlushResult> flush = writer.WriteAsync(rest[..count]);
            FlushResult taken = flush.IsCompletedSuccessfully ? flush.Result : await WaitAsync(context, flush.AsTask()).ConfigureAwait(false);
            if (taken.IsCompleted || taken.IsCanceled) return false;
            rest = rest[count..];
        }

        return true;
    }

    /// <summary>Somebody found no room: cuts off the client that has taken nothing for longest, if that is <see cref="ManyLimits.LongestStandstill"/>
    /// or more. What is held for it is free a moment later.</summary>
    public void MakeRoom()
    {
        Standstill slow;
        lock (gate)
        {
            if (waiting.First is not { } first || time.GetElapsedTime(first.Value.Since) < ManyLimits.LongestStandstill) return;
            slow = first.Value;
            slow.IsCutOff = true;
            waiting.Remove(first);
        }

        slow.Request.Abort();
    }

    private async Task<FlushResult> WaitAsync(HttpContext context, Task<FlushResult> flush)
    {
        if (context.Features.Get<IHttpRequestLifetimeFeature>() is not { } request) return await flush.ConfigureAwait(false);
        var place = new LinkedListNode<Standstill>(new Standstill(request, time.GetTimestamp()));
        lock (gate) waiting.AddLast(place);
        FlushResult taken;
        bool isCutOff;
        try
        {
            taken = await flush.ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                isCutOff = place.Value.IsCutOff;
                if (!isCutOff) waiting.Remove(place);
            }
        }

        // It may have gone on in the very moment: then it ends here nevertheless, or the connection's next request would be the one cut off.
        if (!isCutOff) return taken;
        request.Abort();
        return new FlushResult(isCanceled: true, isCompleted: true);
    }

    private sealed class Standstill(IHttpRequestLifetimeFeature request, long since)
    {
        public IHttpRequestLifetimeFeature Request { get; } = request;

        public long Since { get; } = since;

        public bool IsCutOff { get; set; }
    }
}
