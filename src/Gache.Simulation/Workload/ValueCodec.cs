using System.Buffers.Binary;

namespace Gache.Simulation;

/// <summary>The bytes of a workload's value: its number, and a filler that follows from it, so that a mixed or cut value is seen.</summary>
public static class ValueCodec
{
    /// <summary>The longest filler in bytes.</summary>
    public const int MaxFiller = 600;

    /// <summary>The bytes of a value.</summary>
    public static byte[] Encode(long number)
    {
        byte[] bytes = new byte[sizeof(long) + FillerLength(number)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        bytes.AsSpan(sizeof(long)).Fill(Filler(number));
        return bytes;
    }

    /// <summary>The number of a value, or <see cref="Operation.ForeignValue"/>.</summary>
    public static long Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(long)) return Operation.ForeignValue;
        long number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        ReadOnlySpan<byte> filler = bytes[sizeof(long)..];
        return number > 0 && filler.Length == FillerLength(number) && !filler.ContainsAnyExcept(Filler(number)) ? number : Operation.ForeignValue;
    }

    // Most are small, so that many entries share a page and a tear can split any of them; every 16th is long.
    private static int FillerLength(long number) => number % 16 == 0 ? MaxFiller - (int)(number % 100) : (int)(number % 24);

    private static byte Filler(long number) => (byte)(number * 37);
}
