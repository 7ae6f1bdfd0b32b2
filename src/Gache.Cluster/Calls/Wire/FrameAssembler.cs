using System.Buffers;
using Gache.Primitives;

namespace Gache.Cluster.Calls.Wire;

/// <summary>What came of received bytes.</summary>
internal enum FrameRead
{
    /// <summary>Not yet a whole frame.</summary>
    Incomplete,

    /// <summary>A frame.</summary>
    Whole,

    /// <summary>Not a frame: nothing after it can be believed, so the connection must end.</summary>
    Bad,
}

/// <summary>A whole frame.</summary>
/// <param name="Head">Its head.</param>
/// <param name="Body">Its body; empty if <paramref name="IsDropped"/>.</param>
/// <param name="IsDropped">There was no room for the body: it was read, found intact, and not kept.</param>
/// <param name="HeldBytes">What it took of the budget; whoever takes the frame gives it back.</param>
internal readonly record struct ReceivedFrame(FrameHead Head, ReadOnlyMemory<byte> Body, bool IsDropped, int HeldBytes);

/// <summary>Puts frames together from bytes as they come. Memory grows with what came, never with what a frame claims.</summary>
internal sealed class FrameAssembler(ByteBudget budget)
{
    private readonly byte[] headBytes = new byte[FrameHead.Length];
    private FrameHead head;
    private byte[] body = [];
    private int filled;
    private int held;
    private uint sum;
    private bool hasHead;
    private bool isDropped;

    /// <summary>The length of the frame that has begun, or 0.</summary>
    public int BegunLength => hasHead ? FrameHead.Length + head.BodyLength : 0;

    /// <summary>Reads on; <paramref name="received"/> is shortened by what was consumed, and what is left of it must come again.</summary>
    public FrameRead Read(ref ReadOnlySequence<byte> received, out ReceivedFrame frame, out string? fault)
    {
        frame = default;
        fault = null;
        if (!hasHead)
        {
            if (received.Length < FrameHead.Length) return FrameRead.Incomplete;
            received.Slice(0, FrameHead.Length).CopyTo(headBytes);
            fault = FrameHead.TryRead(headBytes, out head);
            if (fault is not null) return FrameRead.Bad;
            received = received.Slice(FrameHead.Length);
            hasHead = true;
        }

        while (filled < head.BodyLength && !received.IsEmpty)
        {
            ReadOnlySpan<byte> part = received.FirstSpan;
            part = part[..Math.Min(part.Length, head.BodyLength - filled)];
            sum = Crc32C.Compute(part, sum);
            Keep(part);
            filled += part.Length;
            received = received.Slice(part.Length);
        }

        if (filled < head.BodyLength) return FrameRead.Incomplete;
        if (!FrameHead.IsIntact(headBytes, sum))
        {
            fault = "the checksum of a frame does not match";
            return FrameRead.Bad;
        }

        frame = new ReceivedFrame(head, isDropped ? default : body.AsMemory(0, filled), isDropped, held);
        held = 0;
        Reset();
        return FrameRead.Whole;
    }

    /// <summary>Gives back what the begun frame holds; at the end of the connection.</summary>
    public void Drop()
    {
        budget.Return(held);
        held = 0;
        Reset();
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (isDropped) return;
        int needed = filled + part.Length;
        if (needed > body.Length)
        {
            int next = Math.Min(head.BodyLength, Math.Max(Math.Max(needed, body.Length * 2), CallLimits.SmallBodyBytes));
            if (!budget.TryTake(next - held, head.BodyLength <= CallLimits.SmallBodyBytes))
            {
                budget.Return(held);
                held = 0;
                body = [];
                isDropped = true;
                return;
            }

            held = next;
            byte[] larger = GC.AllocateUninitializedArray<byte>(next);
            body.AsSpan(0, filled).CopyTo(larger);
            body = larger;
        }

        part.CopyTo(body.AsSpan(filled));
    }

    private void Reset()
    {
        body = []; // the last one belongs to whoever took the frame
        filled = 0;
        sum = 0;
        hasHead = isDropped = false;
    }
}
