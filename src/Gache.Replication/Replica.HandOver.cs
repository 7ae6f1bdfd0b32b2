using Gache.Raft;

namespace Gache.Replication;

public sealed partial class Replica
{
    private bool isHandingOver;

    /// <summary>Hands leadership to another voter at once, and again should it come back, until the replica stops; requests go on being answered.</summary>
    /// <param name="withinTicks">How many ticks the returned task waits at most.</param>
    /// <returns>Completes when another leader is known here, so that requests can be sent to it, or there is nobody who could lead.</returns>
    public Task HandOverAsync(int withinTicks)
    {
        var handedOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            isHandingOver = true;
            if (core.Role != Role.Leader) handedOver.TrySetResult();
            WatchHandOver(handedOver, nowTick + withinTicks);
        });
        return handedOver.Task;
    }

    /// <summary>
    /// True while new writes wait instead of being proposed: what is proposed already commits first, as its fate would be unknown to its client
    /// after a change of leaders; what waits is then sent to the next leader.
    /// </summary>
    private bool HoldsProposals => (isHandingOver || transfer is not null) && !isStopping && HasHeir;

    private bool HasHeir => core.Followers.Any(follower => core.Configuration.IsVoter(follower.Node) && follower.SilentTicks < RecentTicks);

    private void WatchHandOver(TaskCompletionSource handedOver, long untilTick)
    {
        if (isStopping || hasEnded)
        {
            handedOver.TrySetResult();
            return;
        }

        bool isLeader = core.Role == Role.Leader;
        if (isLeader && pending.Count == 0 && !core.IsTransferring) core.TransferLeadership();
        bool isKnown = isLeader ? !HasHeir : core.IsLeaderHeard && LeaderApi is not null;
        if (isKnown || nowTick >= untilTick)
        {
            RefuseAllWaiting(ShuttingDown); // those who waited here and could be sent on are gone already
            handedOver.TrySetResult();
        }

        atNextTick.Add(() => WatchHandOver(handedOver, untilTick));
    }
}
