using System.Buffers.Binary;

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
}
