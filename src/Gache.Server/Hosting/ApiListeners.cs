using System.Net;
using Gache.Server.Metrics;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gache.Server.Hosting;

/// <summary>How Kestrel listens, and what it lets in.</summary>
internal static class ApiListeners
{
    /// <summary>Open connections; the next one is closed at once (P10).</summary>
    public const int MaxConnections = 12_000;

    /// <summary>Room for a 2,048-byte key of which every byte is escaped, so that <c>key-too-long</c> is our answer.</summary>
    public const int MaxRequestLineBytes = 16 * 1024;

    /// <summary>All headers of a request together.</summary>
    public const int MaxHeaderBytes = 32 * 1024;

    /// <summary>Headers of a request.</summary>
    public const int MaxHeaderCount = 100;

    /// <summary>What Kestrel keeps of a request that is not read yet.</summary>
    public const int MaxRequestBufferBytes = 64 * 1024;

    /// <summary>A sender of a body may not be slower than this for longer than <see cref="SlowGrace"/>.</summary>
    public const double MinBytesPerSecond = 1_024;

    /// <summary>See <see cref="MinBytesPerSecond"/>.</summary>
    public static readonly TimeSpan SlowGrace = TimeSpan.FromSeconds(5);

    /// <summary>A request's head must be here by then.</summary>
    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Sets the bounds of the API port.</summary>
    public static void Bound(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowResponseHeaderCompression = false;

        // The absolute form names a host of its own; without this Kestrel answers 400 if it differs from Host.
        kestrel.AllowHostHeaderOverride = true;

        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaderCount;
        limits.MaxRequestBufferSize = MaxRequestBufferBytes;
        limits.MaxRequestBodySize = null; // counted by the endpoints, which answer 413 in their own words
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, SlowGrace);
        limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, SlowGrace);
    }

    /// <summary>Listens on the addresses given, or on both loopback addresses.</summary>
    public static void Listen(KestrelServerOptions kestrel, IReadOnlyList<IPAddress> addresses, int port, HttpCounters counters)
    {
        if (addresses.Count == 0) kestrel.ListenLocalhost(port, Set); // ::1 may be missing
        foreach (IPAddress address in addresses) kestrel.Listen(address, port, Set);

        void Set(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1; // HTTP/2 needs TLS to be agreed on
            listen.Use(next => async connection =>
            {
                Keepalive.Set(connection);
                counters.ConnectionOpened();
                try
                {
                    await next(connection).ConfigureAwait(false);
                }
                finally
                {
                    counters.ConnectionClosed();
                }
            });
        }
    }
}
