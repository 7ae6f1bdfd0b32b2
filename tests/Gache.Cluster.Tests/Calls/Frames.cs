using Gache.Cluster.Calls.Wire;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Frames as bytes.</summary>
internal static class Frames
{
    public static byte[] Request(ulong id, ReadOnlySpan<byte> body, CallKind kind = CallKind.Forward, uint timeoutMilliseconds = 20_000) =>
        Of(FrameType.Request, id, body, kind, timeoutMilliseconds);

    public static byte[] Of(FrameType type, ulong id, ReadOnlySpan<byte> body, CallKind kind = CallKind.Forward, uint timeoutMilliseconds = 0)
    {
        byte[] frame = new byte[FrameHead.Length + body.Length];
        new FrameHead(type, kind, id, timeoutMilliseconds, body.Length, 0).Write(frame, FrameHead.SumOf(body));
        body.CopyTo(frame.AsSpan(FrameHead.Length));
        return frame;
    }

    /// <summary>A head that claims a body of this length.</summary>
    public static byte[] Claiming(uint length, ulong id = 1)
    {
        byte[] head = Request(id, []);
        BitConverter.TryWriteBytes(head, length);
        return head;
    }
}
