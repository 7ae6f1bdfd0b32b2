namespace Gache.Server.Http.Keys;

/// <summary>Headers that the contract promises and that are not built yet: refused, never ignored.</summary>
internal static class NotYet
{
    /// <summary>The first such header of a request on a key, or null.</summary>
    public static string? NameIn(IHeaderDictionary headers, bool isRead)
    {
        if (isRead) return null;

        // Values have revisions and no dates; a write that was asked to be conditional must not be carried out whatever the key holds.
        if (headers.IfUnmodifiedSince.Count > 0) return "If-Unmodified-Since on a write";
        return headers.IfModifiedSince.Count > 0 ? "If-Modified-Since on a write" : null;
    }
}
