using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication;

/// <summary>Whether learners follow closely enough to vote: in rounds, each up to where the log ended when it began (thesis §4.2.1).</summary>
internal sealed class CatchUp
{
    // A round that takes less than one election timeout: whatever is missing then costs no more than an election would.
    private const int MaxRoundTicks = 40;
    private const int MaxSilentTicks = 20;

    private readonly Dictionary<NodeId, (ulong Target, long StartTick)> rounds = [];

    public void Restart() => rounds.Clear();

    /// <summary>True when the learner's latest round was short enough.</summary>
    public bool IsCaughtUp(FollowerStatus learner, ulong lastIndex, long tick)
    {
        if (!rounds.TryGetValue(learner.Node, out (ulong Target, long StartTick) round))
        {
            rounds[learner.Node] = (lastIndex, tick);
            return false;
        }

        if (learner.Match < round.Target || learner.SilentTicks > MaxSilentTicks) return false;
        bool isShort = tick - round.StartTick <= MaxRoundTicks;
        if (!isShort) rounds[learner.Node] = (lastIndex, tick);
        return isShort;
    }
}
