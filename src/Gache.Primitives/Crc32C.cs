using System.Buffers.Binary;
using System.Numerics;

namespace Gache.Primitives;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4) over bytes, by the processor's own instruction.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="bytes"/>, continued from <paramref name="seed"/> (an earlier result, or 0).</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        uint crc = ~seed;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
