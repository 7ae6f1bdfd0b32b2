using System.Security.Cryptography;
using Gache.Server.Http.Keys;

namespace Gache.Server.Http.Requests;

/// <summary>What a log line calls a request: its path, bounded and printable, without the query, and of a key only as much as was allowed.</summary>
internal static class RequestName
{
    /// <summary>The most characters of a path, or of a key where its beginning is shown.</summary>
    public const int MaxCharacters = 32;

    private const int HashBytes = 8;

    /// <summary>Names a raw target.</summary>
    public static string Of(string rawTarget, LoggedKeys keys)
    {
        ReadOnlySpan<char> path = Target.Parse(rawTarget).Path;
        if (!path.StartsWith(Dispatcher.KeyPrefix, StringComparison.Ordinal)) return Printable(path);
        ReadOnlySpan<char> key = path[Dispatcher.KeyPrefix.Length..];
        return string.Concat(Dispatcher.KeyPrefix, keys switch
        {
            LoggedKeys.Prefix => Printable(key),
            LoggedKeys.Hash => HashOf(key),
            _ => "*",
        });
    }

    private static string HashOf(ReadOnlySpan<char> rawKey)
    {
        if (KeyPath.Check(rawKey, out KeyPath key) is not null) return "malformed";
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key.ToArray(), hash);
        return string.Concat("sha256:", Convert.ToHexStringLower(hash[..HashBytes]));
    }

    private static string Printable(ReadOnlySpan<char> text)
    {
        bool isCut = text.Length > MaxCharacters;
        Span<char> shown = stackalloc char[MaxCharacters];
        ReadOnlySpan<char> taken = isCut ? text[..MaxCharacters] : text;
        for (int i = 0; i < taken.Length; i++) shown[i] = taken[i] is > ' ' and < '\x7f' ? taken[i] : '?';
        return string.Concat(shown[..taken.Length], isCut ? "..." : "");
    }
}
