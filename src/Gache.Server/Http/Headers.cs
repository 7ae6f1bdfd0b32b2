using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http;

/// <summary>Header names of our own, and values that are sent with every answer.</summary>
internal static class Headers
{
    public const string Revision = "Gache-Revision";
    public const string RetryAfterMs = "Gache-Retry-After-Ms";
    public const string ExpiresIn = "Gache-Expires-In";
    public const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Set on a waiting request that one node passes on to another: how many milliseconds it may still wait.</summary>
    public const string WaitLeft = "Gache-Wait-Left";

    /// <summary>Set on a join that one member passed on to the leader, so that it is never passed on twice.</summary>
    public const string JoinHop = "Gache-Join-Hop";

    // StringValues once: setting a header then copies two words and allocates nothing.
    public static readonly StringValues NoSniff = "nosniff";
    public static readonly StringValues OctetStream = "application/octet-stream";
    public static readonly StringValues PlainText = "text/plain; charset=utf-8";
    public static readonly StringValues Json = "application/json";
    public static readonly StringValues JsonLines = "application/x-ndjson";

    /// <summary>Answers under <c>/key/</c>: a cache may keep them but must ask each time, and nobody may change the bytes.</summary>
    public static readonly StringValues KeyCaching = "no-cache, no-transform";

    /// <summary>All other answers.</summary>
    public static readonly StringValues NoStore = "no-store";
}
