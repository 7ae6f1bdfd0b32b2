using System.Buffers;
using System.IO.Pipelines;

namespace Gache.Cluster.Calls.Wire;

/// <summary>Writes frames to a connection, in parts; one writer at a time. A peer that takes nothing is given up.</summary>
internal sealed class FrameWriter(PipeWriter output, TimeProvider time)
{
    private const int PartBytes = 64 * 1024;

    /// <summary>Why nothing more can be written; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Writes a frame, some of it perhaps only by the next <see cref="FlushAsync"/>; false if nothing more can be written.</summary>
    public async ValueTask<bool> WriteAsync(FrameHead head, ReadOnlyMemory<byte> body, uint bodySum)
    {
        if (Fault is not null) return false;
        head.Write(output.GetSpan(FrameHead.Length), bodySum);
        output.Advance(FrameHead.Length);
        while (true)
        {
            ReadOnlyMemory<byte> part = body[..Math.Min(body.Length, PartBytes)];
            output.Write(part.Span);
            body = body[part.Length..];
            bool isLarge = output.CanGetUnflushedBytes && output.UnflushedBytes >= PartBytes;
            if (isLarge && !await FlushAsync().ConfigureAwait(false)) return false;
            if (body.IsEmpty) return true;
        }
    }

    /// <summary>Hands everything written to the connection; false if nothing more can be written.</summary>
    public async ValueTask<bool> FlushAsync()
    {
        if (Fault is not null) return false;
        try
        {
            ValueTask<FlushResult> flush = output.FlushAsync();
            FlushResult result = flush.IsCompleted ? flush.GetAwaiter().GetResult() : await WithinTimeAsync(flush.AsTask()).ConfigureAwait(false);
            if (result.IsCompleted || result.IsCanceled) Fault ??= "it closed the connection";
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            Fault ??= $"the connection broke: {e.Message}";
        }

        return Fault is null;
    }

    private async Task<FlushResult> WithinTimeAsync(Task<FlushResult> flush)
    {
        try
        {
            return await flush.WaitAsync(CallTimes.Stalled, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Fault = $"it took nothing of what was sent for {CallTimes.Stalled.TotalSeconds} s";
            output.CancelPendingFlush();
            throw new OperationCanceledException(Fault);
        }
    }
}
