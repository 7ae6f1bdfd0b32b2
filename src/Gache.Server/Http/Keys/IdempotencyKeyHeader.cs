using System.Text;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Keys;

/// <summary>The <c>Idempotency-Key</c> of a write: 1 to 64 printable characters, quoted or not.</summary>
internal static class IdempotencyKeyHeader
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>What a client is told of a malformed one.</summary>
    public const string Words = "Idempotency-Key has 1 to 64 printable ASCII characters, in quotes or without";

    /// <summary>Reads the header.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="key">Empty if there is none.</param>
    /// <returns>False if it is malformed.</returns>
    public static bool TryParse(IHeaderDictionary headers, out ReadOnlyMemory<byte> key)
    {
        key = default;
        if (!headers.TryGetValue(Headers.IdempotencyKey, out StringValues values) || values.Count == 0) return true;
        return values.Count == 1 && TryParse(values[0], out key);
    }

    /// <summary>Reads one value.</summary>
    /// <returns>False if it is malformed.</returns>
    public static bool TryParse(string? value, out ReadOnlyMemory<byte> key)
    {
        key = default;
        if (!TryUnquote(value.AsSpan().Trim(" \t"), out string text)) return false;
        if (text.Length is 0 or > MaxLength || text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return false;
        key = Encoding.ASCII.GetBytes(text);
        return true;
    }

    /// <summary>A string of structured fields (RFC 9651, 3.3.3) stands for what is in it.</summary>
    private static bool TryUnquote(ReadOnlySpan<char> text, out string inner)
    {
        inner = text.ToString();
        if (!text.StartsWith('"')) return true;

        var plain = new StringBuilder(text.Length);
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                inner = plain.ToString();
                return i == text.Length - 1;
            }

            if (text[i] == '\\' && (++i == text.Length || text[i] is not ('"' or '\\'))) return false;
            plain.Append(text[i]);
        }

        return false; // no quote at its end
    }
}
