using System.Globalization;
using System.Net;
using Gache.Replication;
using Gache.Server.Http;

namespace Gache.Server.Options;

/// <summary>Holds the options against each other and fills in what follows from them.</summary>
internal static class OptionsCheck
{
    /// <summary>Completes a draft.</summary>
    /// <returns>Null if all is well, else what is wrong and what to do.</returns>
    public static string? Complete(OptionsDraft draft, out ServerOptions options)
    {
        options = null!;
        if (draft.RaftJoin.Count > 0 && draft.RaftAddress is null)
            return "--raft-join needs --raft-addr: the members must be able to reach this node";
        if (draft.RaftAddress is { } raft && !draft.AllowsInsecureCluster && !HostNames.IsLoopback(raft.Host))
        {
            return $"--raft-addr {raft} is not loopback: anybody who reaches it could read and write everything; "
                + "start with --insecure-cluster if only members reach that network";
        }

        if (draft.RaftAddress is { } bothUse && bothUse.Port == draft.Port && IsListenedOnByApi(bothUse.Host, draft.Listen))
        {
            return $"--raft-addr {bothUse} is where the API of this same node listens (-p {draft.Port}); the two need ports of their own, "
                + "as in --raft-addr 127.0.0.1:7001 -p 8001";
        }

        if (AdvertisedHost(draft) is not { } host)
            return "nobody can be told to connect to 0.0.0.0 or ::; say with --advertise HOST where this node is reached";

        var api = new HostPort(host, draft.AdvertisePort ?? draft.Port);
        if (draft.RaftJoin is [var only] && only == api)
            return $"--raft-join {only} is this node itself; name another member, or leave it out to found a shard";

        bool hasCluster = draft.ClusterPort is not null || draft.ClusterSlots is not null || draft.ClusterMembers.Count > 0;
        if (draft.Routing == RoutingMode.Proxy && !hasCluster) return "--routing proxy needs --cluster-port: requests are forwarded over it";
        HostPort? clusterListen = hasCluster ? new HostPort(ClusterHost(draft), draft.ClusterPort ?? OptionTable.DefaultClusterPort) : null;
        if (clusterListen is { } port && (port.Port == draft.Port || port.Port == draft.RaftAddress?.Port))
            return $"--cluster-port {port.Port} is another port of this node; give it one of its own";

        bool isLocal = draft.Listen.All(IPAddress.IsLoopback);
        options = new ServerOptions
        {
            Port = draft.Port,
            Listen = draft.Listen,
            AdvertisedApi = api,
            RaftListen = draft.RaftAddress,
            AdvertisedRaft = draft.RaftAddress is { } bound && Addresses.IsWildcard(bound.Host) ? bound with { Host = host } : draft.RaftAddress,
            RaftDir = Path.GetFullPath(draft.RaftDir ?? Path.Combine("gache-data", draft.Port.ToString(CultureInfo.InvariantCulture))),
            RaftJoin = draft.RaftJoin,
            ClusterListen = clusterListen,
            AdvertisedCluster = clusterListen is { } cluster ? cluster with { Host = host } : null,
            ClusterSlots = draft.ClusterSlots,
            ClusterMembers = draft.ClusterMembers,
            Routing = !hasCluster ? RoutingMode.Redirect
                : draft.Routing != RoutingMode.Auto ? draft.Routing
                : isLocal ? RoutingMode.Redirect : RoutingMode.Proxy,
            MaxValueBytes = draft.MaxValueBytes,
            MaxMemoryBytes = draft.MaxMemoryBytes,
            RequestTimeout = draft.RequestTimeout,
            AllowsInsecureCluster = draft.AllowsInsecureCluster,
            StopsWithStdin = draft.StopsWithStdin,
            AllowedHosts = draft.AllowedHosts,
            AllowedOrigins = draft.AllowedOrigins,
            LogLevel = draft.LogLevel,
            LogFormat = draft.LogFormat,
            OtlpEndpoint = draft.OtlpEndpoint,
            IsAccessLogged = draft.IsAccessLogged,
            SlowRequest = draft.SlowRequest,
            LoggedKeys = draft.LoggedKeys,
        };
        return null;
    }

    private static bool IsListenedOnByApi(string host, IReadOnlyList<IPAddress> api)
    {
        if (Addresses.IsWildcard(host) || api.Any(Addresses.IsWildcard)) return true;
        if (!IPAddress.TryParse(host, out IPAddress? address)) return HostNames.IsLoopback(host) && (api.Count == 0 || api.Any(IPAddress.IsLoopback));
        return api.Count == 0 ? address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback) : api.Contains(address);
    }

    /// <summary>Where the cluster port listens: on loopback, unless other machines were let in; then where the raft port does, else everywhere.</summary>
    private static string ClusterHost(OptionsDraft draft) =>
        !draft.AllowsInsecureCluster ? "127.0.0.1" : draft.RaftAddress is { } raft ? raft.Host : "0.0.0.0";

    /// <summary>The host that others are told, or null if only a wildcard is known.</summary>
    private static string? AdvertisedHost(OptionsDraft draft)
    {
        if (draft.AdvertiseHost is { } said) return said;
        if (draft.RaftAddress is { } raft) return Addresses.IsWildcard(raft.Host) ? null : raft.Host;
        if (draft.Listen.Count == 0) return "127.0.0.1";
        return draft.Listen.FirstOrDefault(address => !Addresses.IsWildcard(address))?.ToString();
    }
}
