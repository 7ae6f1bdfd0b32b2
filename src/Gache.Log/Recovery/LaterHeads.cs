using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gache.Log;

/// <summary>What stands behind the last record that could be read: does a later write prove that more had been synced (P4)?</summary>
internal static class LaterHeads
{
    private const int WindowBytes = 1 << 20;

    // Type and length of a batch head or closing mark, as the upper half of a record's first eight bytes.
    private static readonly uint BatchHead = Record.TypeAndLength(RecordType.BatchHead, Record.BatchHeadBody);
    private static readonly uint ClosingMark = Record.TypeAndLength(RecordType.ClosingMark, Record.BatchHeadBody);

    /// <summary>Looks at every place where a record may begin.</summary>
    /// <param name="segment">Where to look.</param>
    /// <param name="from">The first place, in bytes from the file's start.</param>
    /// <param name="syncedUpTo">Raised to the highest position that a whole batch head there claims to have been synced before it.</param>
    /// <returns>Where the last byte that is not zero ends; <paramref name="from"/> if there is none.</returns>
    public static long Scan(Segment segment, long from, ref LogPosition syncedUpTo)
    {
        using var reader = new RecordReader(segment, WindowBytes);
        long end = from;
        for (long at = from; at < segment.Size;)
        {
            ReadOnlySpan<byte> bytes = reader.Bytes(at, WindowBytes);
            if (bytes.IsEmpty) break;
            int last = bytes.LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                end = at + last + 1;
                Look(segment, at, bytes, ref syncedUpTo);
            }

            // A head may lie across the border of two windows.
            at += at + bytes.Length < segment.Size && bytes.Length > Record.BatchHeadSize ? bytes.Length - Record.BatchHeadSize : bytes.Length;
        }

        return end;
    }

    private static void Look(Segment segment, long start, ReadOnlySpan<byte> bytes, ref LogPosition syncedUpTo)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = BitConverter.IsLittleEndian ? words[i] : BinaryPrimitives.ReverseEndianness(words[i]);
            if ((uint)(word >> 32) != BatchHead && (uint)(word >> 32) != ClosingMark) continue;
            int offset = i * sizeof(ulong);
            ReadOnlySpan<byte> record = bytes[offset..];
            if (!Record.IsWhole(segment.RecordSeed, start + offset, record, out int size)) continue;
            if (RecordBody.TryReadBatchHead(record[..size], out LogPosition claimed, out _) && claimed > syncedUpTo) syncedUpTo = claimed;
        }
    }
}
