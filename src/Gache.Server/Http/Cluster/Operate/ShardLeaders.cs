using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>Where the leader of a shard is, as seen from this node.</summary>
/// <param name="IsHere">This node leads it.</param>
/// <param name="Peer">Or this one does.</param>
/// <param name="Api">Or one of which only the API address is known: there is no cluster port.</param>
internal readonly record struct LeaderPlace(bool IsHere, ClusterPeer? Peer = null, string? Api = null);

/// <summary>Gets an operator's request to the leader of the shard that it concerns: any node may be asked.</summary>
internal sealed class ShardLeaders(Elsewhere elsewhere)
{
    /// <summary>Finds the leader.</summary>
    public LeaderPlace Find(IShard own, ShardId shard)
    {
        ReplicaStatus status = own.Status;
        if (!status.Shard.IsNone && status.Shard == shard)
        {
            if (status.Role == ReplicaRole.Leader) return new LeaderPlace(IsHere: true);
            if (status is { IsLeaderHeard: true, LeaderApi: { } api }) return elsewhere.PeerAt(api) is { } known ? new LeaderPlace(false, known) : new LeaderPlace(false, null, api);
        }

        return elsewhere.Cluster?.Map.LeaderOf(shard) is { } peer && peer.Node != status.Node ? new LeaderPlace(false, peer) : default;
    }

    /// <summary>The shard that a node belongs to, as far as is known here; none if that is not known.</summary>
    public ShardId ShardOf(IShard own, NodeId node) => own.Status.Members.Any(member => member.Node == node)
        ? own.Status.Shard
        : elsewhere.Cluster?.View.Find(node)?.Record.Shard ?? default;

    /// <summary>Sends the client's request on to a leader elsewhere, or says that there is none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="place">Where; not here.</param>
    /// <param name="shard">Whose leader that is, for words.</param>
    /// <param name="body">The body, which was taken.</param>
    public async Task PassOnAsync(HttpContext context, LeaderPlace place, ShardId shard, ReadOnlyMemory<byte> body)
    {
        if (place.Peer is { } peer && elsewhere.Forwarding is { } forwarding)
        {
            string target = Target.OriginForm(RawTarget.Of(context)).ToString();
            (ForwardedAnswer? answer, Declined? declined) = await AskAsync(context, forwarding, peer, shard, context.Request.Method, target, body).ConfigureAwait(false);
            await (answer is not null ? forwarding.PassBackAsync(context, answer) : declined!.SendAsync(context)).ConfigureAwait(false);
        }
        else if (place.Api is { } api)
        {
            await Redirect.SendAsync(context, api).ConfigureAwait(false);
        }
        else
        {
            await NoLeader(shard).SendAsync(context).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the leader of a shard elsewhere something of this node's own.</summary>
    public async Task<(ForwardedAnswer? Answer, Declined? Declined)> AskAsync(
        HttpContext context, LeaderPlace place, ShardId shard, string method, string target, ReadOnlyMemory<byte> body) =>
        place.Peer is { } peer && elsewhere.Forwarding is { } forwarding
            ? await AskAsync(context, forwarding, peer, shard, method, target, body).ConfigureAwait(false)
            : (null, NoLeader(shard));

    private static Declined NoLeader(ShardId shard) =>
        new(ProblemTable.NoLeader, $"no live leader of shard {shard} is known; an election is under way, or its nodes cannot be reached");

    private static async Task<(ForwardedAnswer? Answer, Declined? Declined)> AskAsync(
        HttpContext context, ForwardClient forwarding, ClusterPeer peer, ShardId shard, string method, string target, ReadOnlyMemory<byte> body)
    {
        int hops = ForwardedHop.CountOf(context) + 1;
        if (hops > ForwardedHop.Most) return (null, new Declined(ProblemTable.RoutingLoop, $"the nodes that passed this request on do not agree yet who leads shard {shard}; try again"));
        (ForwardedAnswer? answer, CallResult result) = await forwarding.AskAsync(peer, new ForwardedRequest(hops, method, target, [], body)).ConfigureAwait(false);
        if (answer is not null) return (answer, null);
        bool mayHaveArrived = result.Outcome is CallOutcome.Unknown or CallOutcome.Answered && method != HttpMethods.Get;
        return (null, mayHaveArrived
            ? new Declined(ProblemTable.PartlyDone, $"the request was passed on to {peer.ApiAddress}, which leads shard {shard} and did not answer ({result.Detail}); GET /cluster and /cluster/moves tell what was done")
            : new Declined(result.IsOverBound ? ProblemTable.Overloaded : ProblemTable.NoLeader, $"{peer.ApiAddress}, which leads shard {shard}, could not be asked: {result.Detail}"));
    }
}
