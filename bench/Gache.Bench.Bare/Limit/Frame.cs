using System.Buffers.Binary;
using System.Net.Sockets;

namespace Gache.Bench.Bare.Limit;

/// <summary>What goes between two processes: a head, and behind it a batch of writes; a round of reads has none. An answer is the head alone.</summary>
internal static class Frame
{
    public const int HeadBytes = 16;

    /// <summary>Writes a head.</summary>
    /// <param name="into">At least <see cref="HeadBytes"/>.</param>
    /// <param name="batchBytes">Of the batch that follows; 0 for a round of reads.</param>
    /// <param name="number">Of the batch or the round, from 1.</param>
    public static void WriteHead(Span<byte> into, int batchBytes, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, batchBytes);
        BinaryPrimitives.WriteInt64LittleEndian(into[sizeof(long)..], number);
    }

    /// <summary>Reads a head.</summary>
    public static (int BatchBytes, long Number) ReadHead(ReadOnlySpan<byte> from) =>
        ((int)BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[sizeof(long)..]));

    /// <summary>Receives until the other side ends.</summary>
    /// <param name="socket">A blocking one.</param>
    /// <param name="bufferBytes">At least the longest frame.</param>
    /// <param name="take">Gets what has come, a whole head at least; returns the length of what it took, or 0 while that is not whole.</param>
    public static void ReceiveAll(Socket socket, int bufferBytes, Func<ReadOnlySpan<byte>, int> take)
    {
        byte[] buffer = new byte[bufferBytes];
        int filled = 0;
        while (socket.Receive(buffer.AsSpan(filled)) is var received and > 0)
        {
            filled += received;
            int at = 0;
            while (filled - at >= HeadBytes && take(buffer.AsSpan(at, filled - at)) is var taken and > 0) at += taken;
            buffer.AsSpan(at, filled - at).CopyTo(buffer);
            filled -= at;
        }
    }
}
