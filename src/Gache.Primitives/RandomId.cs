using System.Buffers.Binary;
using System.Globalization;

namespace Gache.Primitives;

/// <summary>What the three kinds of id have in common.</summary>
internal static class RandomId
{
    public const int Size = 16;

    public static UInt128 Draw(Random random)
    {
        Span<byte> bytes = stackalloc byte[Size];
        UInt128 value;
        do
        {
            random.NextBytes(bytes);
            value = BinaryPrimitives.ReadUInt128LittleEndian(bytes);
        }
        while (value == UInt128.Zero); // zero means "none"

        return value;
    }

    public static bool TryParse(string? text, out UInt128 value)
    {
        value = default;
        return text is { Length: 32 } && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    public static string Format(UInt128 value) => value.ToString("x32", CultureInfo.InvariantCulture);
}
