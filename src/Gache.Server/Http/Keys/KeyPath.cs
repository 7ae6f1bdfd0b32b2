using System.Buffers;
using Gache.Server.Http.Problems;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>The key in a raw path: what follows <c>/key/</c>, percent-decoded exactly once.</summary>
internal readonly ref struct KeyPath
{
    /// <summary>The longest key, in bytes after decoding.</summary>
    public const int MaxKeyBytes = StoreLimits.MaxKeyBytes;

    // Nothing but these can make a key bad or decode to another length; without them a key is taken as it stands.
    private static readonly SearchValues<char> Suspicious = SearchValues.Create("%.");

    private readonly ReadOnlySpan<char> raw;

    private KeyPath(ReadOnlySpan<char> raw, int length)
    {
        this.raw = raw;
        Length = length;
    }

    /// <summary>The key's length in bytes.</summary>
    public int Length { get; }

    /// <summary>Checks the raw text after <c>/key/</c>.</summary>
    /// <returns>Null if it is a key, else what is wrong with it.</returns>
    public static Problem? Check(ReadOnlySpan<char> raw, out KeyPath key)
    {
        key = default;
        if (raw.IsEmpty) return ProblemTable.KeyEmpty;

        int length = PercentDecoding.Length(raw);
        if (length < 0) return ProblemTable.KeyMalformed;
        if (raw.ContainsAny(Suspicious) && (HasZeroByte(raw) || HasDotSegment(raw))) return ProblemTable.KeyMalformed;
        if (length > MaxKeyBytes) return ProblemTable.KeyTooLong;

        key = new KeyPath(raw, length);
        return null;
    }

    /// <summary>Writes the key's bytes; <paramref name="destination"/> is exactly <see cref="Length"/> long.</summary>
    public void CopyTo(Span<byte> destination) => PercentDecoding.Decode(raw, destination);

    /// <summary>The key in an array of its own.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Length);
        CopyTo(bytes);
        return bytes;
    }

    private static bool HasZeroByte(ReadOnlySpan<char> raw) => raw.Contains("%00", StringComparison.Ordinal);

    /// <summary>HTTP clients resolve such segments, also escaped ones, so the same command would reach different keys.</summary>
    private static bool HasDotSegment(ReadOnlySpan<char> raw)
    {
        foreach (Range segment in raw.Split('/'))
            if (IsDots(raw[segment])) return true;

        return false;
    }

    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        int dots = 0;
        while (!segment.IsEmpty)
        {
            int step = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (step == 0 || ++dots > 2) return false;
            segment = segment[step..];
        }

        return dots > 0;
    }
}
