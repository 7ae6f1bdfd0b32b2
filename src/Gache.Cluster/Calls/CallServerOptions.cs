using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Cluster;

/// <summary>What a <see cref="CallServer"/> needs to know.</summary>
public sealed record CallServerOptions
{
    /// <summary>Who we are now; asked for each connection and request, so it must be quick. Connections are closed while it names no node.</summary>
    public required Func<ClusterIdentity> Identity { get; init; }

    /// <summary>Who takes the requests.</summary>
    public required ICallHandler Handler { get; init; }

    /// <summary>The clock for timeouts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Where to count.</summary>
    public CallCounters Counters { get; init; } = new();
}
