using System.Globalization;

namespace Gache.Primitives;

/// <summary>Sizes as people write them: <c>1048576</c>, <c>512KiB</c>, <c>8MiB</c>, <c>2GiB</c>.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("B", 1),
    ];

    /// <summary>Reads a size in bytes.</summary>
    /// <param name="text">A whole number, and one of the units or none, in any case of letters.</param>
    /// <param name="bytes">The size; 0 where there is none.</param>
    /// <returns>False if it is none, or does not fit 64 bits.</returns>
    /// <remarks>KB and MB are refused: for some they are powers of ten, for some of two.</remarks>
    public static bool TryParse(string text, out long bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        long factor = 1;
        foreach ((string suffix, long unit) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            text = text[..^suffix.Length].TrimEnd();
            factor = unit;
            break;
        }

        bytes = 0;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue / factor)
            return false;
        bytes = number * factor;
        return true;
    }

    /// <summary>Writes a size in the largest unit that divides it.</summary>
    /// <param name="bytes">0 or more.</param>
    public static string Format(long bytes)
    {
        (string unit, long factor) = bytes switch
        {
            > 0 when bytes % (1L << 30) == 0 => ("GiB", 1L << 30),
            > 0 when bytes % (1L << 20) == 0 => ("MiB", 1L << 20),
            > 0 when bytes % (1L << 10) == 0 => ("KiB", 1L << 10),
            _ => ("", 1L),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{unit}");
    }
}
