using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Replication;

/// <summary>What a <see cref="TcpTransport"/> needs to know.</summary>
public sealed record TcpTransportOptions
{
    /// <summary>Where to listen, <c>host:port</c>; port 0 takes a free one. Not what others are told: that stands in <see cref="Identity"/>.</summary>
    public required string ListenAddress { get; init; }

    /// <summary>Who we are, with the advertised addresses and this process's nonce.</summary>
    public required PeerIdentity Identity { get; init; }

    /// <summary>
    /// Whether to listen on an address that other machines reach. The peer port trusts whoever speaks its language, so this is said outright
    /// (<c>--insecure-cluster</c>).
    /// </summary>
    public bool AllowNonLoopback { get; init; }

    /// <summary>The clock for timeouts and redials.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
