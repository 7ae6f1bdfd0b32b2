using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.ClusterPort;
using Gache.Server.Http.Many;
using Gache.Server.Http.Routing;
using Gache.Server.Metrics;
using Gache.Server.Options;
using Gache.Store;

namespace Gache.Server.Hosting;

/// <summary>What a node has beside its shard when it belongs to a cluster: the cluster port, the calls to others, gossip, slot moves.</summary>
internal sealed class ClusterPart : IAsyncDisposable
{
    private const string PeersFile = "peers";

    /// <summary>Refuses to start a node of a cluster without its cluster port: it would know neither whose the other slots are, nor be found.</summary>
    /// <exception cref="NodeMisconfiguredException">The folder knows peers.</exception>
    public static void CheckThatNoneIsNeeded(ShardNode node)
    {
        if (node.Folder.Read(PeersFile) is null) return;
        throw new NodeMisconfiguredException(
            $"{node.Folder.Location} is of a node of a cluster: start it with the --cluster-port that it had (or, for a node that shall be of no cluster any more, delete the file {PeersFile} there)");
    }

    private readonly ServerOptions options;
    private readonly ILoggerFactory log;
    private readonly ClusterListener listener;
    private readonly CallClient calls;
    private readonly CallCounters counters = new(); // of calls in both directions
    private readonly ulong nonce = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
    private ShardNode? node;
    private ClusterNode? cluster;
    private CallServer? server;
    private PeriodicThread? ticking;

    private ClusterPart(ServerOptions options, ClusterListener listener, ILoggerFactory log)
    {
        (this.options, this.listener, this.log) = (options, listener, log);
        calls = new CallClient(new CallClientOptions { Identity = WhoAmI, Counters = counters, Logger = log.CreateLogger<CallClient>() });
        Founding = new ClusterFounding(
            [.. options.ClusterMembers.Select(member => member.ToString())],
            options.AdvertisedCluster.ToString()!,
            options.ClusterSlots ?? SlotSet.All,
            calls,
            () => cluster?.Stranger,
            TimeProvider.System,
            Random.Shared,
            log.CreateLogger("gache.cluster"));
    }

    /// <summary>Decides whether and with what the node's shard is founded.</summary>
    public ClusterFounding Founding { get; }

    /// <summary>A node with members, without slots and without a shard to join only routes, unless its folder says otherwise.</summary>
    public static bool RoutesOnly(ServerOptions options) => options.ClusterMembers.Count > 0 && options.ClusterSlots is null && options.RaftJoin.Count == 0;

    /// <summary>Opens the cluster port; it serves nobody before <see cref="Attach"/>.</summary>
    /// <exception cref="TransportListenException">The port cannot be listened on.</exception>
    public static async Task<ClusterPart?> OpenAsync(ServerOptions options, ILoggerFactory log) => options.ClusterListen is { } address
        ? new ClusterPart(options, await ClusterListener.StartAsync(address, options.AllowsInsecureCluster, log).ConfigureAwait(false), log)
        : null;

    /// <summary>Takes up the node: from here on others may call, and it gossips.</summary>
    public void Attach(ShardNode opened, ApiHost host)
    {
        node = opened;
        ILogger events = log.CreateLogger("gache.cluster");
        var saved = new FilePeerStore(
            () => opened.Folder.Read(PeersFile),
            bytes => opened.Folder.Replace(PeersFile, bytes),
            work => ThreadPool.UnsafeQueueUserWorkItem(static run => run(), work, preferLocal: false),
            failure => ClusterPartLog.PeersNotSaved(events, failure.Message));
        cluster = new ClusterNode(new ClusterNodeOptions
        {
            Status = () => opened.Status,
            Replica = () => opened.Replica,
            IsFolderEmpty = () => opened.Folder.IsEmpty,
            Calls = calls,
            Requests = Requests(host),
            Gossip = (first, wake) => Gossip(first, wake, saved, events),
            Members = [.. options.ClusterMembers.Select(member => member.ToString())],
            RoutesOnly = RoutesOnly(options),
            ApiAddress = options.AdvertisedApi.ToString(),
            RaftAddress = options.AdvertisedRaft?.ToString() ?? "",
            ClusterAddress = options.AdvertisedCluster!.Value.ToString(),
            Logger = events,
        });
        server = new CallServer(new CallServerOptions { Identity = WhoAmI, Handler = cluster, Counters = counters, Logger = log.CreateLogger<CallServer>() });
        listener.Serve(server);
        host.Dispatcher.Watch(() => cluster.Watches);
        host.ClusterFigures = new ClusterFigures(cluster, counters);
        host.Dispatcher.Elsewhere.Attach(cluster, new ForwardClient(calls, host.Settings, host.Dispatcher.Elsewhere.Clients));
        ticking = new PeriodicThread("gache cluster", cluster.Tick, ClusterTimes.Tick);
    }

    /// <summary>Ends gossip and moves; what others asked and is under way may end.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        ticking?.Dispose();
        await listener.StopAsync(within).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ticking?.Dispose();
        await listener.DisposeAsync().ConfigureAwait(false);
        await calls.DisposeAsync().ConfigureAwait(false);
        server?.Dispose();
    }

    private NodeCalls Requests(ApiHost host)
    {
        var budget = new AnswerBudget(() => server?.HeldBytes ?? 0);
        var forward = new ForwardHandler(host.Answer, budget);
        var many = new ManyHandler(() => host.Dispatcher.Shard, budget);
        return new NodeCalls(new Dictionary<CallKind, ICallHandler>
        {
            [CallKind.Forward] = forward,
            [CallKind.ForwardWait] = forward,
            [CallKind.ScanKeys] = many,
            [CallKind.Steps] = many,
        });
    }

    private Gossiper Gossip(NodeRecord first, Action wake, FilePeerStore saved, ILogger events)
    {
        var gossip = new Gossiper(
            first,
            new GossipOptions { Node = first.Node, ProcessNonce = nonce, Seeds = [.. options.ClusterMembers.Select(member => member.ToString())], Wake = wake },
            calls,
            TimeProvider.System,
            new Random(),
            saved);
        gossip.AlarmRaised += alarm => ClusterPartLog.Alarm(events, alarm);
        return gossip;
    }

    private ClusterIdentity WhoAmI()
    {
        if (node is not { } known) return default;
        ReplicaStatus status = known.Status;
        // Whoever only routes, or waits for its slots, is of the cluster that it found.
        ClusterId id = status.Cluster.IsNone && options.ClusterMembers.Count > 0 && cluster is { } part ? part.View.Cluster : status.Cluster;
        return new ClusterIdentity(status.Node, id, nonce);
    }
}

internal static partial class ClusterPartLog
{
    [LoggerMessage(EventId = 520, Level = LogLevel.Warning, Message = "the peers that this node knows could not be saved ({Why}); after a restart it finds the cluster by --cluster-members only")]
    public static partial void PeersNotSaved(ILogger log, string why);

    [LoggerMessage(EventId = 521, Level = LogLevel.Warning, Message = "gossip: {Alarm}")]
    public static partial void Alarm(ILogger log, GossipAlarm alarm);
}
