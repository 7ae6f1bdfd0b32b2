namespace Gache.Server.Http;

/// <summary>A request target as it stood on the request line: nothing is decoded or normalised.</summary>
/// <remarks>Kestrel's own Path makes <c>/livez</c> of <c>/key/../livez</c>; here it stays a (malformed) key.</remarks>
internal readonly ref struct Target
{
    private Target(ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        Path = path;
        Query = query;
    }

    /// <summary>From the first <c>/</c> up to <c>?</c>; empty for the asterisk and authority forms.</summary>
    public ReadOnlySpan<char> Path { get; }

    /// <summary>What follows the first <c>?</c>; empty without one.</summary>
    public ReadOnlySpan<char> Query { get; }

    /// <summary>Takes a raw target apart, in origin or absolute form.</summary>
    public static Target Parse(string raw)
    {
        ReadOnlySpan<char> rest = OriginForm(raw);
        int mark = rest.IndexOf('?');
        return mark < 0 ? new Target(rest, default) : new Target(rest[..mark], rest[(mark + 1)..]);
    }

    /// <summary>The path and query of a raw target, whatever form it has.</summary>
    public static ReadOnlySpan<char> OriginForm(string raw)
    {
        if (raw.Length > 0 && raw[0] == '/') return raw;

        int scheme = raw.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return default;

        ReadOnlySpan<char> afterScheme = raw.AsSpan(scheme + 3);
        int end = afterScheme.IndexOfAny('/', '?');
        if (end < 0) return "/"; // "GET http://host" asks for the root (RFC 9112, 3.2.2)
        return afterScheme[end] == '/' ? afterScheme[end..] : string.Concat("/", afterScheme[end..]);
    }
}
