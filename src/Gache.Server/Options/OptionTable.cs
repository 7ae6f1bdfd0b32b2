using Gache.Primitives;
using Gache.Store;

namespace Gache.Server.Options;

/// <summary>Every option, once: command line, environment, help and README are made from these rows.</summary>
internal static class OptionTable
{
    public const string VariablePrefix = "GACHE_";
    public const int DefaultPort = 8000;
    public const int DefaultClusterPort = 9000;
    public const int DefaultMaxValueBytes = 1024 * 1024;
    public const int MostJoinAddresses = 32;
    public const int LargestMaxValueBytes = StoreLimits.MaxValueBytes;
    public const long SmallestMaxMemoryBytes = 16L * 1024 * 1024;

    public static readonly TimeSpan DefaultRequestTimeout = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan ShortestRequestTimeout = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan DefaultSlowRequest = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan ShortestSlowRequest = TimeSpan.FromMilliseconds(10); // the clock that requests are measured with is coarse
    public static readonly TimeSpan LongestRequestTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The rows, in the order in which they are shown.</summary>
    public static IReadOnlyList<OptionRow> Rows { get; } =
    [
        new("port", "PORT", "8000", "port of the HTTP API", OptionValues.Port, "-p"),
        new("listen", "ADDRESSES", "127.0.0.1 and ::1", "addresses the API listens on, separated by commas; 0.0.0.0 and :: mean all",
            OptionValues.Listen),
        new("advertise", "HOST[:PORT]", "the host of --raft-addr, else of --listen, else 127.0.0.1",
            "where clients and other nodes reach this node; redirects name it", OptionValues.Advertise),
        new("raft-addr", "HOST:PORT", "none: a shard of one node", "where other members of the shard reach this node", OptionValues.RaftAddress),
        new("raft-dir", "FOLDER", "./gache-data/PORT", "the data folder; it belongs to one node", OptionValues.RaftDir),
        new("raft-join", "HOST:PORT,...", "none: found a shard, or go on with the folder's",
            "API addresses of nodes of the shard to join, names that give several among them; asked again until one takes this node up. "
            + "With several, the same for all nodes, the node that advertises the first founds when all others have said that their folders are empty",
            OptionValues.RaftJoin) { MayRepeat = true },
        new("cluster-port", "PORT", "9000 with the options below, else none", "port that the nodes of all shards reach each other at", OptionValues.ClusterPort),
        new("cluster-slot", "SLOTS", "0-16383 for a first node",
            "slots of a new shard, as in 0-5000, or none; with --raft-join what the joined shard should have. Counts only while the folder is empty",
            OptionValues.ClusterSlot),
        new("cluster-members", "HOST:PORT,...", "none: found the cluster, or go on with the folder's",
            "cluster addresses of other nodes; without --cluster-slot and --raft-join this node only routes", OptionValues.ClusterMembers),
        new("routing", "MODE", "auto",
            "how a request gets to its key's owner: redirect (307), proxy (forwarded over the cluster port), or auto: redirect on loopback, else proxy",
            OptionValues.Routing),
        new("insecure-cluster", null, "off", "lets the raft and cluster ports listen beyond loopback, in clear text and for anybody",
            OptionValues.InsecureCluster),
        new("max-value", "SIZE", ByteSize.Format(DefaultMaxValueBytes), "largest value, at most 8MiB", OptionValues.MaxValue),
        new("max-memory", "SIZE", "a quarter of the memory there is", "bound on the store's memory; puts get 507 at it", OptionValues.MaxMemory),
        new("request-timeout", "TIME", "5s", "a request that takes longer is answered 503 or 504; 100ms to 5m, a plain number is seconds", OptionValues.RequestTimeout),
        new("allowed-hosts", "NAMES", "none", "Host names, beside loopback's, that requests over loopback may name, separated by commas",
            OptionValues.AllowedHosts),
        new("allow-origin", "ORIGINS", "none", "origins whose pages may call, as in http://example.org:8080, separated by commas; * for all",
            OptionValues.AllowOrigin),
        new("log-level", "LEVEL", "info", "least level that is logged: trace, debug, info, warn, error", OptionValues.LogLevel),
        new("log-format", "FORMAT", "auto", "plain, json, or auto: plain on a terminal, else json", OptionValues.LogFormat),
        new("access-log", null, "off", "logs every request: method, path, status and time; never a query or a value", OptionValues.AccessLog),
        new("slow-request", "TIME", "500ms", "logs requests that take longer, with the stage they waited for; 0 for none, or 10ms to 5m", OptionValues.SlowRequest),
        new("log-keys", "MODE", "hash", "what log lines about requests say of a key: hash, prefix (its first 32 characters), or none", OptionValues.LogKeys),
        new("otlp-endpoint", "URL", "none", "collector, as in http://127.0.0.1:4318, that is told by OTLP over HTTP of requests whose traceparent says that they are traced", OptionValues.OtlpEndpoint),
        // A playground's nodes must not outlive it, however it ends: its end of their stdin closes with it.
        new("stop-with-stdin", null, "off", "stops, as on SIGTERM, when stdin ends", OptionValues.StopWithStdin) { IsForPrograms = true },
    ];
}
