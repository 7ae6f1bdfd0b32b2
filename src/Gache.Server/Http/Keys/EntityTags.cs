using System.Globalization;
using Gache.Store;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Keys;

/// <summary>Entity tags are revisions in quotes (RFC 9110, 8.8.3).</summary>
internal static class EntityTags
{
    /// <summary>The tag of a revision.</summary>
    public static string Of(ulong revision) => string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");

    /// <summary>Tells the client a key's revision.</summary>
    public static void Set(IHeaderDictionary headers, ulong revision)
    {
        headers.ETag = Of(revision);
        headers[Headers.Revision] = revision.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Whether an <c>If-None-Match</c> names <paramref name="revision"/>, by weak comparison (RFC 9110, 13.1.2).</summary>
    /// <returns>Null if the header is malformed.</returns>
    /// <remarks>Bare digits count as quoted, because shells eat quotes. Tags that are no revisions are well-formed and match nothing.</remarks>
    public static bool? Names(StringValues header, ulong revision)
    {
        bool names = false;
        foreach (string? line in header)
        {
            ReadOnlySpan<char> rest = line.AsSpan().Trim(" \t");
            if (header.Count == 1 && rest is "*") return true;

            while (TakeTag(ref rest, out ReadOnlySpan<char> tag, out _))
            {
                names |= ulong.TryParse(tag, NumberStyles.None, CultureInfo.InvariantCulture, out ulong named) && named == revision;
            }

            if (!rest.IsEmpty) return null;
        }

        return names;
    }

    /// <summary>Whether a header says <c>*</c>.</summary>
    public static bool IsAny(StringValues header) => header.Count == 1 && header[0].AsSpan().Trim(" \t") is "*";

    /// <summary>The revisions that a list of tags names.</summary>
    /// <param name="header">The header's lines.</param>
    /// <param name="countsWeak">Whether tags with <c>W/</c> count, as in If-None-Match; in If-Match they match nothing (RFC 9110, 8.8.3.2).</param>
    /// <returns>Null if the header is malformed, names nothing at all, or more than <see cref="Condition.MaxRevisions"/>.</returns>
    public static ReadOnlyMemory<ulong>? Revisions(StringValues header, bool countsWeak)
    {
        var revisions = new List<ulong>();
        int tags = 0;
        foreach (string? line in header)
        {
            ReadOnlySpan<char> rest = line.AsSpan().Trim(" \t");
            while (TakeTag(ref rest, out ReadOnlySpan<char> tag, out bool isWeak))
            {
                tags++;
                if ((countsWeak || !isWeak) && ulong.TryParse(tag, NumberStyles.None, CultureInfo.InvariantCulture, out ulong revision)) revisions.Add(revision);
            }

            if (!rest.IsEmpty) return null;
        }

        if (tags is 0 or > Condition.MaxRevisions) return null; // (a conditional expression would make an empty list of null)
        return revisions.ToArray();
    }

    /// <summary>Takes one tag and the comma after it from the front; false at the end, or where none stands.</summary>
    private static bool TakeTag(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> tag, out bool isWeak)
    {
        tag = default;
        isWeak = false;
        ReadOnlySpan<char> text = rest.TrimStart(" \t,"); // empty list members are allowed (RFC 9110, 5.6.1.2)
        if (text.IsEmpty)
        {
            rest = text;
            return false;
        }

        if (text.StartsWith("W/\""))
        {
            isWeak = true;
            text = text[2..];
        }

        int end;
        if (text[0] == '"')
        {
            end = text[1..].IndexOf('"') + 2;
            if (end < 2) return false;
            tag = text[1..(end - 1)];
        }
        else
        {
            end = text.IndexOfAnyExceptInRange('0', '9');
            if (end < 0) end = text.Length;
            if (end == 0) return false;
            tag = text[..end];
        }

        text = text[end..].TrimStart(" \t");
        if (!text.IsEmpty && text[0] != ',') return false;
        rest = text;
        return true;
    }
}
