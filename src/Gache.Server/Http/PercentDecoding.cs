namespace Gache.Server.Http;

/// <summary>Percent-decoding of raw bytes, exactly once.</summary>
internal static class PercentDecoding
{
    /// <summary>How many bytes <paramref name="text"/> decodes to, or -1 if an escape is bad or a character is not ASCII.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        if (!System.Text.Ascii.IsValid(text)) return -1;

        int length = text.Length;
        for (int at = text.IndexOf('%'); at >= 0;)
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2])) return -1;

            length -= 2;
            int next = text[(at + 3)..].IndexOf('%');
            at = next < 0 ? -1 : at + 3 + next;
        }

        return length;
    }

    /// <summary>Decodes <paramref name="text"/>, which <see cref="Length"/> found good, into exactly that many bytes.</summary>
    public static void Decode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        int written = 0;
        while (true)
        {
            int escape = text.IndexOf('%');
            ReadOnlySpan<char> plain = escape < 0 ? text : text[..escape];
            System.Text.Ascii.FromUtf16(plain, destination[written..], out int count);
            written += count;
            if (escape < 0) return;

            destination[written++] = Escaped(text[escape..]);
            text = text[(escape + 3)..];
        }
    }

    /// <summary>The byte that the escape at the start of <paramref name="escape"/> stands for.</summary>
    public static byte Escaped(ReadOnlySpan<char> escape) => (byte)((HexDigit(escape[1]) << 4) | HexDigit(escape[2]));

    private static int HexDigit(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
