namespace Gache.Store;

/// <summary>The decimal numbers that counters hold: an optional minus and digits, within 64 bits.</summary>
/// <remarks>By hand, since every replica of every version must read the same bytes alike (P5).</remarks>
internal static class DecimalText
{
    /// <summary>The longest number, in bytes.</summary>
    public const int MaxBytes = 20;

    /// <summary>Reads a number; false if the bytes are none, or one that needs more than 64 bits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        bool isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative) text = text[1..];
        if (text.Length is 0 or >= MaxBytes) return false;

        ulong magnitude = 0; // 19 digits always fit
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            magnitude = magnitude * 10 + (uint)(digit - '0');
        }

        if (magnitude > long.MaxValue + (isNegative ? 1ul : 0)) return false;
        number = unchecked(isNegative ? -(long)magnitude : (long)magnitude);
        return true;
    }

    /// <summary>Writes a number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="buffer">At least <see cref="MaxBytes"/>.</param>
    public static ReadOnlySpan<byte> Format(long number, Span<byte> buffer)
    {
        int at = MaxBytes;
        ulong magnitude = number < 0 ? unchecked((ulong)-number) : (ulong)number;
        do
        {
            (magnitude, ulong digit) = Math.DivRem(magnitude, 10);
            buffer[--at] = (byte)('0' + digit);
        }
        while (magnitude > 0);
        if (number < 0) buffer[--at] = (byte)'-';
        return buffer[at..MaxBytes];
    }
}
