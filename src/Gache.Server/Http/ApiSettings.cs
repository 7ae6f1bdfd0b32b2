using Gache.Server.Http.Requests;

namespace Gache.Server.Http;

/// <summary>What the HTTP layer must know of the options.</summary>
internal sealed record ApiSettings
{
    /// <summary>The largest value in bytes, 1 to 8 MiB.</summary>
    public int MaxValueBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of the bodies of batches that are under way at once, and as many of transactions (P10).</summary>
    public long BatchBodiesBytes { get; init; } = Keys.BodyBudget.DefaultBytes;

    /// <summary>Transactions that read and are under way at once (P10).</summary>
    public int ReadingTransactions { get; init; } = Many.ManyLimits.MaxReadingTransactions;

    /// <summary>Where clients and other nodes reach this API, <c>host:port</c>.</summary>
    public required string AdvertisedApi { get; init; }

    /// <summary>Host names, beside loopback's, that a request over loopback may name; lower case, without port.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins whose pages may call, as in <c>http://example.org:8080</c>; <c>*</c> for all.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>How requests get to their key's owner.</summary>
    public RoutingMode Routing { get; init; } = RoutingMode.Redirect;

    /// <summary>How long another node may take to answer a request that was passed on to it.</summary>
    public TimeSpan ForwardTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Whether every request is logged.</summary>
    public bool IsAccessLogged { get; init; }

    /// <summary>Requests that take longer are logged; zero for none.</summary>
    public TimeSpan SlowRequest { get; init; }

    /// <summary>Where spans of traced requests are told; null for nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>What lines about requests say of a key.</summary>
    public LoggedKeys LoggedKeys { get; init; }

    /// <summary>The program's version.</summary>
    public string Version { get; init; } = "0";
}
