using Gache.Cluster;
using Microsoft.AspNetCore.Connections;

namespace Gache.Server.ClusterPort;

/// <summary>Takes the connections that Kestrel accepted at the cluster port, up to their bound.</summary>
internal sealed partial class ClusterConnections(ILogger log)
{
    private volatile CallServer? server;
    private int count;
    private int isFullSaid;

    /// <summary>Who serves them; null before the node has an id.</summary>
    public CallServer? Server
    {
        get => server;
        set => server = value;
    }

    /// <summary>The whole life of a connection.</summary>
    public async Task ServeAsync(ConnectionContext connection)
    {
        try
        {
            if (Interlocked.Increment(ref count) > ClusterListener.MaxConnections)
            {
                if (Interlocked.Exchange(ref isFullSaid, 1) == 0) LogFull(log, ClusterListener.MaxConnections);
                connection.Abort();
            }
            else if (Server is { } serving)
            {
                Hosting.Keepalive.Set(connection);
                string remote = connection.RemoteEndPoint?.ToString() ?? "unknown";
                await serving.ServeAsync(connection.Transport, remote, connection.Abort, connection.ConnectionClosed).ConfigureAwait(false);
            }
        }
        finally
        {
            if (Interlocked.Decrement(ref count) < ClusterListener.MaxConnections / 2) Volatile.Write(ref isFullSaid, 0);
        }
    }

    [LoggerMessage(EventId = 341, Level = LogLevel.Warning, Message = "the cluster port has {Count} connections and takes no more")]
    private static partial void LogFull(ILogger log, int count);
}
