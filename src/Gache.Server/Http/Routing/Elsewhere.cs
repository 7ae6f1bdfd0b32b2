using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Many;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;

namespace Gache.Server.Http.Routing;

/// <summary>Gets a request to its key's owner where that is not this node: 307, or passed on over the cluster port.</summary>
internal sealed class Elsewhere(RoutingMode mode)
{
    private const int MaxWaiting = 1_024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MovingRetry = TimeSpan.FromMilliseconds(50);

    private int waiting;

    /// <summary>Clients that something bounded is held for while they are slow; one of all requests that may be passed on.</summary>
    public SlowClients Clients { get; } = new(TimeProvider.System);

    /// <summary>This node's part in the cluster; null for a node whose cluster is its shard.</summary>
    public ClusterNode? Cluster { get; private set; }

    /// <summary>The way to other nodes; null for a node whose cluster is its shard.</summary>
    public ForwardClient? Forwarding { get; private set; }

    /// <summary>The node belongs to a cluster.</summary>
    public void Attach(ClusterNode cluster, ForwardClient forwarding) => (Cluster, Forwarding) = (cluster, forwarding);

    /// <summary>True if the request is to be carried out here: the slot is this shard's, as far as can be known before.</summary>
    public bool IsHere(int slot) => Cluster is not { } cluster || cluster.RouteOf(slot).Kind == RouteKind.Here;

    /// <summary>Answers a request whose slot is another shard's, or nobody's at this moment.</summary>
    /// <param name="context">The request.</param>
    /// <param name="slot">Its key's slot.</param>
    /// <param name="body">The body, if it was taken already.</param>
    /// <param name="serveHere">Carries it out, should the slot come here meanwhile; null if that was tried: then the client tries again.</param>
    /// <param name="txn">Where the answer of a transaction is left; null for what is no transaction.</param>
    public async Task AnswerAsync(HttpContext context, int slot, ReadOnlyMemory<byte>? body, Func<Task>? serveHere, PassedTxn? txn = null)
    {
        if (Cluster is null)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.SlotsUnassigned, "the key's slot is not of this node's shard, and without --cluster-port this node does not know whose it is; ask another node").ConfigureAwait(false);
            return;
        }

        SlotRoute route = Cluster.RouteOf(slot);
        if (route.Kind is RouteKind.Moving or RouteKind.NoLeader or RouteKind.Here) route = await WaitAsync(context, slot, route, serveHere is not null).ConfigureAwait(false);
        await (route.Kind switch
        {
            RouteKind.Elsewhere => ToAsync(context, route.Peer!, body, txn),
            RouteKind.Here when serveHere is not null => serveHere(),
            RouteKind.Unassigned => ProblemAnswer.SendAsync(context, ProblemTable.SlotsUnassigned, $"no shard is known to own slot {slot}: its node is still to start, or to be granted its slots, or its nodes have been gone for long"),
            RouteKind.NoLeader => ProblemAnswer.SendAsync(context, ProblemTable.NoLeader, WordsOfNoLeader(slot, route)),
            _ => ProblemAnswer.SendAsync(context, ProblemTable.SlotMoving, $"slot {slot} is being handed from one shard to another; try again", MovingRetry),
        }).ConfigureAwait(false);
    }

    /// <summary>Answers what the replica refused: names the leader, passes the request on, or tells the problem.</summary>
    public Task AnswerAsync(HttpContext context, Refusal refusal, int slot, ReadOnlyMemory<byte>? body, PassedTxn? txn = null) => refusal switch
    {
        { Code: RefusalCode.NotLeader, LeaderApi: { } leader } => ToLeaderAsync(context, leader, body, txn),
        { Code: RefusalCode.NotServed } => AnswerAsync(context, slot, body, serveHere: null, txn),
        _ => RefusalAnswer.SendAsync(context, refusal),
    };

    /// <summary>Sends the request to the leader of this node's own shard.</summary>
    public Task ToLeaderAsync(HttpContext context, string leaderApi, ReadOnlyMemory<byte>? body, PassedTxn? txn = null)
    {
        return PeerAt(leaderApi) is { } peer ? ToAsync(context, peer, body, txn) : Redirect.SendAsync(context, leaderApi);
    }

    /// <summary>The node of the cluster with this API address; null if none is known.</summary>
    public ClusterPeer? PeerAt(string api) => Cluster?.View.FindAt(api)?.Record is { } record
        ? new ClusterPeer(record.Node, api, record.ClusterAddress)
        : null;

    private static string WordsOfNoLeader(int slot, SlotRoute route) => route.Shard is { } shard
        ? $"slot {slot} is of shard {shard}, and no live leader of it is known; an election is under way, or its nodes cannot be reached"
        : $"who owns slot {slot} is not known here yet: this node has just started, and has not heard what its own shard's log says, or what the others know";

    private Task ToAsync(HttpContext context, ClusterPeer peer, ReadOnlyMemory<byte>? body, PassedTxn? txn)
    {
        // A body without length was sent once and will not be again (curl -L -T -): it is passed on. What came over the cluster port goes on over it.
        bool mustForward = ForwardedHop.CountOf(context) > 0 || Redirect.IsStreamed(context.Request) || mode == RoutingMode.Proxy;
        return mustForward && Forwarding is { } forwarding ? forwarding.SendAsync(context, peer, body, txn) : Redirect.SendAsync(context, peer.ApiAddress);
    }

    private async Task<SlotRoute> WaitAsync(HttpContext context, int slot, SlotRoute route, bool mayServe)
    {
        if (Cluster is not { } cluster) return route;
        long began = RequestTime.Now;
        try
        {
            if (Interlocked.Increment(ref waiting) > MaxWaiting) return route;
            for (TimeSpan waited = TimeSpan.Zero; waited < LongestWait; waited += LookAgain)
            {
                await Task.Delay(LookAgain).ConfigureAwait(false);
                route = cluster.RouteOf(slot);
                if (route.Kind is RouteKind.Elsewhere or RouteKind.Unassigned || (route.Kind == RouteKind.Here && mayServe)) return route;
            }

            return route;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            RequestTime.Note(context, RequestTime.Spent.FindingOwner, began);
        }
    }
}
