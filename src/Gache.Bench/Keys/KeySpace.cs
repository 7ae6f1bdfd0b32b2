using System.Buffers.Text;
using System.Text;

namespace Gache.Bench.Keys;

/// <summary>The keys' and values' bytes, which follow from a key's number: nothing of them is kept.</summary>
/// <remarks>A value is its key's URL, as in the original's benchmark; a longer one repeats it, so that each part of it tells which key's it is.</remarks>
internal sealed class KeySpace
{
    private readonly byte[] prefix;
    private readonly byte[] url;
    private readonly int? valueBytes;

    /// <param name="address">HOST:PORT that stands in the values.</param>
    /// <param name="prefix">Stands before the number: unreserved characters of a URL only.</param>
    /// <param name="valueBytes">Length of a value, or null: the URL's.</param>
    public KeySpace(string address, string prefix, int? valueBytes)
    {
        this.prefix = Encoding.ASCII.GetBytes(prefix);
        url = Encoding.ASCII.GetBytes($"http://{address}/key/{prefix}");
        this.valueBytes = valueBytes;
        MaxKeyBytes = prefix.Length + int.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        MaxUrlBytes = url.Length + MaxKeyBytes;
        MaxValueBytes = valueBytes ?? MaxUrlBytes;
    }

    /// <summary>Longest key.</summary>
    public int MaxKeyBytes { get; }

    /// <summary>Longest URL.</summary>
    public int MaxUrlBytes { get; }

    /// <summary>Longest value.</summary>
    public int MaxValueBytes { get; }

    /// <summary>Writes the key.</summary>
    /// <returns>Its length.</returns>
    public int WriteKey(Span<byte> into, int number)
    {
        prefix.CopyTo(into);
        Utf8Formatter.TryFormat(number, into[prefix.Length..], out int digits);
        return prefix.Length + digits;
    }

    /// <summary>Writes the URL, of which a value is made.</summary>
    /// <returns>Its length.</returns>
    public int WriteUrl(Span<byte> into, int number)
    {
        url.CopyTo(into);
        Utf8Formatter.TryFormat(number, into[url.Length..], out int digits);
        return url.Length + digits;
    }

    /// <summary>How long the value is.</summary>
    public int ValueLength(int number) => valueBytes ?? url.Length + Digits(number);

    /// <summary>Writes the value.</summary>
    /// <returns>Its length.</returns>
    public int WriteValue(Span<byte> into, int number)
    {
        Span<byte> one = stackalloc byte[MaxUrlBytes];
        one = one[..WriteUrl(one, number)];
        int length = ValueLength(number);
        Repeat(one, into[..length]);
        return length;
    }

    /// <summary>Fills a span with a pattern, again and again; its last copy may be cut.</summary>
    public static void Repeat(ReadOnlySpan<byte> pattern, Span<byte> into)
    {
        if (into.Length <= pattern.Length)
        {
            pattern[..into.Length].CopyTo(into);
            return;
        }

        pattern.CopyTo(into);
        for (int done = pattern.Length; done < into.Length; done *= 2) // whole patterns are doubled
            into[..Math.Min(done, into.Length - done)].CopyTo(into[done..]);
    }

    private static int Digits(int number)
    {
        int digits = 1;
        for (; number >= 10; number /= 10) digits++;
        return digits;
    }
}
