using System.Buffers;
using System.IO.Pipelines;
using Gache.Primitives;
using Gache.Server.Http.Many;

namespace Gache.Server.Http.Keys;

/// <summary>Takes a request's body.</summary>
internal static class ValueBody
{
    /// <summary>Streamed bodies take their share of the budget in such steps.</summary>
    private const int StepBytes = 64 * 1024;

    /// <summary>How a streamed body ended.</summary>
    public enum End
    {
        /// <summary>It is complete.</summary>
        Complete,

        /// <summary>It passed the bound; the rest was not read.</summary>
        TooLarge,

        /// <summary>The budget is used up.</summary>
        OverBudget,
    }

    /// <summary>True if the whole body of <paramref name="length"/> bytes has arrived already; then consume <paramref name="body"/>.</summary>
    public static bool TryPeek(PipeReader reader, int length, out ReadOnlySequence<byte> body)
    {
        body = default;
        if (!reader.TryRead(out ReadResult read)) return false;
        if (read.Buffer.Length >= length)
        {
            body = read.Buffer.Slice(0, length);
            return true;
        }

        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        return false;
    }

    /// <summary>Reads a body of a known length into its place.</summary>
    /// <exception cref="BadHttpRequestException">It was cut off, or came too slowly.</exception>
    public static async Task ReadAsync(PipeReader reader, Memory<byte> destination)
    {
        int filled = 0;
        while (filled < destination.Length)
        {
            ReadResult read = await reader.ReadAsync().ConfigureAwait(false);
            read.Buffer.CopyTo(destination.Span[filled..]);
            filled += (int)read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && filled < destination.Length)
                throw new BadHttpRequestException("the body ended early", StatusCodes.Status400BadRequest);
        }
    }

    /// <summary>Reads a body whose length is not known, and counts it as it comes.</summary>
    /// <param name="reader">Where it comes from.</param>
    /// <param name="limit">At most so many bytes.</param>
    /// <param name="into">Where it goes.</param>
    /// <param name="share">What it takes of its budget.</param>
    /// <param name="sender">Who may be cut off while others find no room for theirs; null for nobody.</param>
    /// <exception cref="BadHttpRequestException">It was cut off, came too slowly, or its chunks are malformed.</exception>
    public static async Task<End> ReadStreamAsync(PipeReader reader, int limit, ByteWriter into, BodyShare share, SlowClients.Sender? sender = null)
    {
        while (true)
        {
            ReadResult read = sender is null
                ? await reader.ReadAsync().ConfigureAwait(false)
                : await sender.WaitAsync(reader.ReadAsync(), into.Length).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                if (into.Length + piece.Length > limit)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return End.TooLarge;
                }

                while (share.Bytes < into.Length + piece.Length)
                {
                    if (share.TryGrow(StepBytes)) continue;
                    reader.AdvanceTo(read.Buffer.End);
                    return End.OverBudget;
                }

                into.WriteBytes(piece.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return End.Complete;
        }
    }
}
