using Gache.Primitives;
using Gache.Raft;

namespace Gache.Replication;

/// <summary>What the leader makes of a message, by the process it came from.</summary>
internal enum Hearing
{
    /// <summary>Take it.</summary>
    Heard,

    /// <summary>A new process that has not yet said what its log holds: leave it.</summary>
    NotYet,

    /// <summary>A new process that has less than its node acknowledged: it lost data (P7).</summary>
    LostData,
}

/// <summary>Judges the first frame of each new process of a member: its log against what it acknowledged to this leader in this term (P7).</summary>
internal sealed class Processes(RaftCore core)
{
    // A process that seems to have lost data must say so twice, so long apart: its one word may be a late one of a process that is gone.
    private const long SuspicionTicks = 10;

    private readonly Dictionary<NodeId, ulong> judged = [];
    private readonly Dictionary<NodeId, (ulong Nonce, long SinceTick)> suspected = [];
    private readonly HashSet<(NodeId Node, ulong Nonce)> superseded = []; // bounded by the restarts within one term of leadership

    /// <summary>A new term of leadership: what was acknowledged to others is not known here.</summary>
    public void Restart()
    {
        judged.Clear();
        suspected.Clear();
        superseded.Clear();
    }

    public Hearing Judge(Message message, ulong nonce, long tick)
    {
        if (judged.TryGetValue(message.From, out ulong known) && known == nonce)
        {
            if (suspected.Count > 0 && suspected.Remove(message.From, out (ulong Nonce, long SinceTick) late)) superseded.Add((message.From, late.Nonce));
            return Hearing.Heard;
        }

        if (superseded.Contains((message.From, nonce))) return Hearing.NotYet; // a late word of a process that is gone proves nothing
        if (core.FindFollower(message.From) is not { Match: > 0 } follower)
        {
            Accept(message.From, nonce); // it acknowledged nothing that it could have lost
            return Hearing.Heard;
        }

        // Only an answer to a heartbeat of this leader tells what this very process holds now: a vote asked for may have been long under way, from
        // a process that this leader never heard and that acknowledged less than its successor since.
        if (message.Kind != MessageKind.HeartbeatAnswer || message.Term < core.Term) return Hearing.NotYet;
        if (message.LogIndex < follower.Match) return Suspect(message.From, nonce, tick);
        Accept(message.From, nonce);
        return Hearing.Heard;
    }

    private Hearing Suspect(NodeId node, ulong nonce, long tick)
    {
        if (suspected.TryGetValue(node, out (ulong Nonce, long SinceTick) known) && known.Nonce == nonce)
            return tick - known.SinceTick >= SuspicionTicks ? Hearing.LostData : Hearing.NotYet;
        suspected[node] = (nonce, tick);
        return Hearing.NotYet;
    }

    private void Accept(NodeId node, ulong nonce)
    {
        if (judged.TryGetValue(node, out ulong before) && before != nonce) superseded.Add((node, before));
        judged[node] = nonce;
    }
}
