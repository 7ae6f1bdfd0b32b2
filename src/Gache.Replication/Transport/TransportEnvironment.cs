using Microsoft.Extensions.Logging;

namespace Gache.Replication.Transport;

/// <summary>What all parts of one transport share.</summary>
internal sealed class TransportEnvironment(TcpTransportOptions options) : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private volatile PeerIdentity identity = options.Identity;

    /// <summary>Who we are now.</summary>
    public PeerIdentity Identity
    {
        get => identity;
        set => identity = value;
    }

    public TimeProvider Time { get; } = options.Time;

    public ILogger Log { get; } = options.Logger;

    public OncePerReason Said { get; } = new(options.Time);

    public TransportCounters Counters { get; } = new();

    public ConnectionThreads Threads { get; } = new();

    /// <summary>Cancelled when the transport is disposed.</summary>
    public CancellationToken Stopped => stop.Token;

    public void Stop() => stop.Cancel();

    public void Dispose() => stop.Dispose();
}
