using Gache.Store;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Keys;

/// <summary>The conditions of a request, from <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110, 13.1).</summary>
internal static class ConditionHeaders
{
    /// <summary>What a client is told of a malformed one.</summary>
    public static readonly string Words =
        $"If-Match and If-None-Match are * or a list of \"revision\", at most {Condition.MaxRevisions}; it is the ETag of an earlier answer";

    /// <summary>Reads the conditions of a write.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="condition">Null if there is none.</param>
    /// <returns>False if one is malformed.</returns>
    public static bool TryParse(IHeaderDictionary headers, out Condition? condition) => TryParse(headers.IfMatch, headers.IfNoneMatch, out condition);

    /// <summary>Reads the conditions of a write from the two headers' values, or what stands in for them.</summary>
    /// <param name="match">If-Match.</param>
    /// <param name="noneMatch">If-None-Match.</param>
    /// <param name="condition">Null if there is none.</param>
    /// <returns>False if one is malformed.</returns>
    public static bool TryParse(StringValues match, StringValues noneMatch, out Condition? condition)
    {
        condition = null;
        if (match.Count == 0 && noneMatch.Count == 0) return true;

        bool mustExist = EntityTags.IsAny(match);
        bool mustNotExist = EntityTags.IsAny(noneMatch);
        ReadOnlyMemory<ulong>? anyOf = null;
        ReadOnlyMemory<ulong>? noneOf = null;
        if (match.Count > 0 && !mustExist && (anyOf = EntityTags.Revisions(match, countsWeak: false)) is null) return false;
        if (noneMatch.Count > 0 && !mustNotExist && (noneOf = EntityTags.Revisions(noneMatch, countsWeak: true)) is null) return false;
        condition = new Condition { MustExist = mustExist, MustNotExist = mustNotExist, AnyOf = anyOf, NoneOf = noneOf };
        return true;
    }

    /// <summary>Whether a write that may have been carried out cannot be carried out twice: it names the revision that it changes, or itself.</summary>
    public static bool KeepFromRepeating(IHeaderDictionary headers) =>
        (headers.IfMatch.Count > 0 && !EntityTags.IsAny(headers.IfMatch)) || headers.ContainsKey(Headers.IdempotencyKey);
}
