using Gache.Primitives;
using Gache.Replication.Transport.Wire;
using Microsoft.Extensions.Logging;

namespace Gache.Replication.Transport;

/// <summary>What the transport says in the log; events 300 to 319.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(EventId = 300, Level = LogLevel.Information, Message = "raft port: listening on {Address}")]
    public static partial void Listening(this ILogger log, System.Net.IPEndPoint address);

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "connected to peer {Peer} at {Address}")]
    public static partial void Connected(this ILogger log, NodeId peer, string address);

    [LoggerMessage(EventId = 302, Level = LogLevel.Information, Message = "peer {Peer} is disconnected: {Reason}")]
    public static partial void Disconnected(this ILogger log, NodeId peer, string reason);

    [LoggerMessage(EventId = 303, Message = "refused a {Kind} connection of {Peer}: {Reason}")]
    public static partial void RefusedDialler(this ILogger log, LogLevel level, ConnectionKind kind, string peer, string reason);

    [LoggerMessage(EventId = 304, Message = "cannot connect to peer {Peer} at {Address}: {Reason} (tried again for ever)")]
    public static partial void DialFailed(this ILogger log, LogLevel level, NodeId peer, string address, string reason);

    [LoggerMessage(EventId = 305, Level = LogLevel.Warning, Message = "closed a {Kind} connection of {Peer}: {Reason}")]
    public static partial void ClosedForBadFrame(this ILogger log, ConnectionKind kind, string peer, string reason);

    [LoggerMessage(EventId = 306, Level = LogLevel.Warning, Message = "the raft port has {Count} connections and takes no more")]
    public static partial void TooManyConnections(this ILogger log, int count);

    [LoggerMessage(EventId = 307, Level = LogLevel.Warning, Message = "the raft port could not take a connection: {Reason}")]
    public static partial void AcceptFailed(this ILogger log, string reason);
}
