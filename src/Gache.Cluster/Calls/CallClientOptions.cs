using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Cluster;

/// <summary>What a <see cref="CallClient"/> needs to know.</summary>
public sealed record CallClientOptions
{
    /// <summary>Who we are now; asked for each batch of calls, so it must be quick. Connections on which we said otherwise are made anew.</summary>
    public required Func<ClusterIdentity> Identity { get; init; }

    /// <summary>The clock for timeouts and redials.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Finds the addresses of a name; asked anew with each dial.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Where to log.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Where to count.</summary>
    public CallCounters Counters { get; init; } = new();
}
