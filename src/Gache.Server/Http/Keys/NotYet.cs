namespace Gache.Server.Http.Keys;

/// <summary>Headers that the contract promises and that are not built yet: refused, never ignored.</summary>
internal static class NotYet
{
    /// <summary>The first such header of a request on a key, or null.</summary>
    public static string? NameIn(IHeaderDictionary headers, bool isRead)
    {
        if (headers.IfMatch.Count > 0) return "If-Match";
        if (isRead) return null;
        if (headers.IfNoneMatch.Count > 0) return "If-None-Match on a write";
        return headers.ContainsKey(Headers.IdempotencyKey) ? Headers.IdempotencyKey : null;
    }
}
