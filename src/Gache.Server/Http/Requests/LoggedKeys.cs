namespace Gache.Server.Http.Requests;

/// <summary>What log lines about requests say of a key (<c>--log-keys</c>). Of a value they never say anything.</summary>
internal enum LoggedKeys
{
    /// <summary>The first bytes of its SHA-256: the same key is seen to be the same.</summary>
    Hash,

    /// <summary>Its first characters, percent-encoded as they came.</summary>
    Prefix,

    /// <summary>Nothing.</summary>
    None,
}
