using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Cluster.Operate;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Many;

/// <summary>Where the leader of a slot's shard is: here, at a peer, or, for the moment, nowhere.</summary>
/// <param name="Peer">Whom to ask.</param>
/// <param name="Nowhere">Why nobody can be asked.</param>
/// <remarks>Neither: here. A shard without cluster port always carries it out, or says who leads it.</remarks>
internal readonly record struct SlotPlace(ClusterPeer? Peer = null, Declined? Nowhere = null);

/// <summary>Finds the leaders of slots. A hint, as all routing is: whoever is asked decides by its own log.</summary>
internal sealed class SlotPlaces(Elsewhere elsewhere)
{
    private static readonly TimeSpan MovingRetry = TimeSpan.FromMilliseconds(50);

    private int waiting;

    /// <summary>Finds the leader of a slot.</summary>
    public SlotPlace Find(IShard own, int slot)
    {
        if (elsewhere.Cluster is not { } cluster) return default;
        SlotRoute route = cluster.RouteOf(slot);
        switch (route.Kind)
        {
            case RouteKind.Elsewhere:
                return new SlotPlace(route.Peer);
            case RouteKind.Unassigned:
                return Nobody(ProblemTable.SlotsUnassigned, $"no shard is known to own slot {slot}: its node is still to start, or to be granted its slots, or its nodes have been gone for long");
            case RouteKind.Moving:
                return Nobody(ProblemTable.SlotMoving, $"slot {slot} is being handed from one shard to another; try again", MovingRetry);
            case RouteKind.NoLeader:
                return Nobody(ProblemTable.NoLeader, $"no live leader of slot {slot} is known; an election is under way, or its nodes cannot be reached");
        }

        ReplicaStatus status = own.Status;
        if (status.Role == ReplicaRole.Leader) return default;
        return status is { IsLeaderHeard: true, LeaderApi: { } api } && elsewhere.PeerAt(api) is { } leader
            ? new SlotPlace(leader)
            : Nobody(ProblemTable.NoLeader, $"slot {slot} is of this node's shard, which has no leader; an election is under way, or a majority of its nodes cannot be reached");
    }

    /// <summary>Waits a moment, so that what is on its way can arrive.</summary>
    /// <returns>False if the request has waited as long as it may, or too many wait already.</returns>
    public async ValueTask<bool> WaitAsync(Patience patience)
    {
        if (patience.IsOver) return false;
        try
        {
            if (Interlocked.Increment(ref waiting) > ManyLimits.MaxWaiting) return false;
            await Task.Delay(ManyLimits.LookAgain).ConfigureAwait(false);
            return true;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    private static SlotPlace Nobody(Problem problem, string words, TimeSpan? retryAfter = null) => new(Nowhere: new Declined(problem, words, retryAfter));
}
