using System.Net;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Server.Http.Requests;
using Gache.Store;

namespace Gache.Server.Options;

/// <summary>What the user asked for, checked.</summary>
internal sealed record ServerOptions
{
    /// <summary>The API port.</summary>
    public required int Port { get; init; }

    /// <summary>Where the API listens; none means both loopback addresses.</summary>
    public required IReadOnlyList<IPAddress> Listen { get; init; }

    /// <summary>Where clients and other nodes reach the API.</summary>
    public required HostPort AdvertisedApi { get; init; }

    /// <summary>Where the raft port listens; null for a node that nobody can join.</summary>
    public required HostPort? RaftListen { get; init; }

    /// <summary>Where other nodes reach the raft port; null as above.</summary>
    public required HostPort? AdvertisedRaft { get; init; }

    /// <summary>The data folder, absolute.</summary>
    public required string RaftDir { get; init; }

    /// <summary>API addresses to join at, perhaps with the own one; none to found, or to go on with what the folder says.</summary>
    public required IReadOnlyList<HostPort> RaftJoin { get; init; }

    /// <summary>Where the cluster port listens; null for a node whose cluster is its shard.</summary>
    public required HostPort? ClusterListen { get; init; }

    /// <summary>Where other nodes reach the cluster port; null as above.</summary>
    public required HostPort? AdvertisedCluster { get; init; }

    /// <summary>The slots of a new shard, or those expected of the shard that is joined; null if nothing was said.</summary>
    public required SlotSet? ClusterSlots { get; init; }

    /// <summary>Cluster addresses of other nodes, perhaps with the own one.</summary>
    public required IReadOnlyList<HostPort> ClusterMembers { get; init; }

    /// <summary>How requests get to their key's owner: never <see cref="RoutingMode.Auto"/>.</summary>
    public required RoutingMode Routing { get; init; }

    /// <summary>The largest value in bytes.</summary>
    public required int MaxValueBytes { get; init; }

    /// <summary>The store's bound in bytes; null for a quarter of the memory there is.</summary>
    public required long? MaxMemoryBytes { get; init; }

    /// <summary>How long a request may take before it is answered 503 or 504.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Whether the raft port may be reached by other machines, in clear text.</summary>
    public required bool AllowsInsecureCluster { get; init; }

    /// <summary>Whether the end of stdin stops the node as SIGTERM does.</summary>
    public required bool StopsWithStdin { get; init; }

    /// <summary>Host names, beside loopback's, that a request over loopback may name.</summary>
    public required IReadOnlyList<string> AllowedHosts { get; init; }

    /// <summary>Origins whose pages may call.</summary>
    public required IReadOnlyList<string> AllowedOrigins { get; init; }

    /// <summary>The least level that is logged.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>How log lines look.</summary>
    public required LogFormat LogFormat { get; init; }

    /// <summary>Where spans of traced requests are told; null for nowhere.</summary>
    public required Uri? OtlpEndpoint { get; init; }

    /// <summary>Whether every request is logged.</summary>
    public required bool IsAccessLogged { get; init; }

    /// <summary>Requests that take longer are logged; zero for none.</summary>
    public required TimeSpan SlowRequest { get; init; }

    /// <summary>What log lines about requests say of a key.</summary>
    public required LoggedKeys LoggedKeys { get; init; }
}
