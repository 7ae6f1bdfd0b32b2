using Gache.Log;
using Gache.Replication;
using Gache.Server.Http.Cluster;
using Gache.Server.Options;

namespace Gache.Server.Hosting;

/// <summary>Makes the node that the options ask for, and says what its failures mean to a supervisor.</summary>
internal static class NodeStart
{
    /// <summary>Opens the folder and listens; the caller starts it.</summary>
    public static ShardNode Open(ServerOptions options, JoinClient joins, ClusterPart? cluster, ILoggerFactory log) => new(new ShardNodeOptions
    {
        Folder = options.RaftDir,
        RaftAddress = options.AdvertisedRaft?.ToString(),
        ApiAddress = options.AdvertisedApi.ToString(),
        JoinAddresses = [.. options.RaftJoin.Select(address => address.ToString())],
        RoutesOnly = ClusterPart.RoutesOnly(options),
        Slots = options.ClusterSlots,
        Founding = cluster is null ? null : cluster.Founding.AwaitAsync,
        FoundingWaits = cluster is null ? null : () => cluster.Founding.Waiting,
        Replica = new ReplicaOptions
        {
            RequestTimeout = options.RequestTimeout,
            MaxStoreBytes = options.MaxMemoryBytes ?? MemoryBound.Default(),
        },
        Transport = (identity, events) => Connect(options, identity, events, log),
        JoinClient = joins,
        Loggers = log,
    });

    /// <summary>The exit code of what a start throws; null for what is nobody's fault but ours.</summary>
    public static int? ExitCodeOf(Exception failure) => failure switch
    {
        TransportListenException { Failure: ListenFailure.NotLoopback or ListenFailure.BadAddress } => ExitCode.Usage,
        TransportListenException => ExitCode.AddressUnavailable,
        NodeMisconfiguredException => ExitCode.Usage,
        LogDamagedException or LogFormatException => ExitCode.DamagedData,
        MemberRemovedException => ExitCode.Removed,
        LogForeignException or ForeignFolderException => ExitCode.FolderNotUsable,
        FileFailedException or UnauthorizedAccessException => ExitCode.FolderNotUsable,
        LogFailedException => ExitCode.DiskFailed,
        _ => null,
    };

    /// <summary>The exit code of a node that ended by itself.</summary>
    public static int ExitCodeOf(NodeEndReason reason) => reason switch
    {
        NodeEndReason.DiskFailed => ExitCode.DiskFailed,
        NodeEndReason.Damaged => ExitCode.DamagedData,
        NodeEndReason.FolderNotUsable => ExitCode.FolderNotUsable,
        NodeEndReason.AddressNotUsable => ExitCode.AddressUnavailable,
        NodeEndReason.Misconfigured => ExitCode.Usage,
        NodeEndReason.Removed => ExitCode.Removed,
        _ => ExitCode.InvariantBroken,
    };

    private static ITransport Connect(ServerOptions options, PeerIdentity identity, ITransportEvents events, ILoggerFactory log)
    {
        if (options.RaftListen is not { } listen) return new NoPeers();
        var transport = new TcpTransport(new TcpTransportOptions
        {
            ListenAddress = listen.ToString(),
            Identity = identity,
            AllowNonLoopback = options.AllowsInsecureCluster,
            Logger = log.CreateLogger<TcpTransport>(),
        });
        transport.Start(events);
        return transport;
    }
}
