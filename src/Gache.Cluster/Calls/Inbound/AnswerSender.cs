using System.IO.Pipelines;
using System.Threading.Channels;
using Gache.Cluster.Calls.Wire;

namespace Gache.Cluster.Calls.Inbound;

/// <summary>A frame on its way back to the caller.</summary>
internal readonly record struct OutgoingFrame(FrameType Type, CallKind Kind, ulong RequestId, ReadOnlyMemory<byte> Body, bool IsForNoRoom = false);

/// <summary>Sends answers in the order in which they were given. What waits is bounded by the unanswered requests, of which each gives one.</summary>
internal sealed class AnswerSender(PipeWriter output, TimeProvider time, ServedRequests requests, CallCounters counters)
{
    private const int GatherCount = 64;

    private readonly Channel<OutgoingFrame> waiting =
        Channel.CreateUnbounded<OutgoingFrame>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });

    public void Add(OutgoingFrame frame) => waiting.Writer.TryWrite(frame);

    /// <summary>No more comes; what waits is still sent if <see cref="RunAsync"/> gets to it.</summary>
    public void End() => waiting.Writer.TryComplete();

    /// <summary>Sends until <see cref="End"/>; says why it ended before, or null.</summary>
    public async Task<string?> RunAsync()
    {
        var writer = new FrameWriter(output, time);
        var written = new List<ulong>(GatherCount);
        while (await waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (written.Count < GatherCount && waiting.Reader.TryRead(out OutgoingFrame frame))
            {
                var head = new FrameHead(frame.Type, frame.Kind, frame.RequestId, frame.IsForNoRoom ? FrameHead.NoRoom : 0, frame.Body.Length, 0);
                if (!await writer.WriteAsync(head, frame.Body, FrameHead.SumOf(frame.Body.Span)).ConfigureAwait(false)) return writer.Fault;
                counters.FrameWritten(FrameHead.Length + frame.Body.Length);
                written.Add(frame.RequestId);
            }

            if (!await writer.FlushAsync().ConfigureAwait(false)) return writer.Fault;
            foreach (ulong id in written) requests.Remove(id);
            written.Clear();
        }

        return null;
    }
}
