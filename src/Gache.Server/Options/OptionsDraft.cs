using System.Net;
using Gache.Replication;
using Gache.Server.Http;
using Gache.Server.Http.Requests;
using Gache.Store;

namespace Gache.Server.Options;

/// <summary>Options one by one as they are read, before they are held against each other.</summary>
internal sealed class OptionsDraft
{
    public int Port { get; set; } = OptionTable.DefaultPort;

    public IReadOnlyList<IPAddress> Listen { get; set; } = [];

    public string? AdvertiseHost { get; set; }

    public int? AdvertisePort { get; set; }

    public HostPort? RaftAddress { get; set; }

    public string? RaftDir { get; set; }

    public IReadOnlyList<HostPort> RaftJoin { get; set; } = [];

    public int? ClusterPort { get; set; }

    public SlotSet? ClusterSlots { get; set; }

    public IReadOnlyList<HostPort> ClusterMembers { get; set; } = [];

    public RoutingMode Routing { get; set; }

    public int MaxValueBytes { get; set; } = OptionTable.DefaultMaxValueBytes;

    public long? MaxMemoryBytes { get; set; }

    public TimeSpan RequestTimeout { get; set; } = OptionTable.DefaultRequestTimeout;

    public bool AllowsInsecureCluster { get; set; }

    public bool StopsWithStdin { get; set; }

    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    public IReadOnlyList<string> AllowedOrigins { get; set; } = [];

    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    public LogFormat LogFormat { get; set; } = LogFormat.Auto;

    public Uri? OtlpEndpoint { get; set; }

    public bool IsAccessLogged { get; set; }

    public TimeSpan SlowRequest { get; set; } = OptionTable.DefaultSlowRequest;

    public LoggedKeys LoggedKeys { get; set; }
}
