using Gache.Primitives;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster.Calls;

/// <summary>What the two ends of a cluster port say in the log; events 320 to 339.</summary>
internal static partial class CallsLog
{
    [LoggerMessage(EventId = 320, Level = LogLevel.Warning, Message = "cluster port: refused a connection of {Peer}: {Reason}")]
    public static partial void RefusedDialler(this ILogger log, string peer, string reason);

    [LoggerMessage(EventId = 321, Level = LogLevel.Warning, Message = "cluster port: cut off {Peer}: {Reason}")]
    public static partial void CutOff(this ILogger log, string peer, string reason);

    [LoggerMessage(EventId = 322, Level = LogLevel.Warning, Message = "cluster port: refused requests of {Peer}: {Reason}")]
    public static partial void RefusedRequest(this ILogger log, string peer, string reason);

    [LoggerMessage(EventId = 323, Level = LogLevel.Error, Message = "cluster port: a {Kind} request of {Peer} failed here; its connection is closed")]
    public static partial void HandlerFailed(this ILogger log, Exception failure, CallKind kind, string peer);

    [LoggerMessage(EventId = 330, Message = "cannot call the cluster port at {Address}: {Reason} (tried again with the next call)")]
    public static partial void DialFailed(this ILogger log, LogLevel level, string address, string reason);

    [LoggerMessage(EventId = 331, Level = LogLevel.Warning, Message = "lost the connection to node {Peer} at {Address} with {Calls} calls under way: {Reason}")]
    public static partial void ConnectionLost(this ILogger log, NodeId peer, string address, int calls, string reason);

    [LoggerMessage(EventId = 332, Level = LogLevel.Error, Message = "what follows the end of a {Kind} call failed")]
    public static partial void EndFailed(this ILogger log, Exception failure, CallKind kind);
}
