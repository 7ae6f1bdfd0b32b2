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
    private readonly Dictionary<NodeId, ulong> judged = [];

    /// <summary>A new term of leadership: what was acknowledged to others is not known here.</summary>
    public void Restart() => judged.Clear();

    public Hearing Judge(Message message, ulong nonce)
    {
        if (judged.TryGetValue(message.From, out ulong known) && known == nonce) return Hearing.Heard;
        if (core.FindFollower(message.From) is not { Match: > 0 } follower)
        {
            judged[message.From] = nonce; // it acknowledged nothing that it could have lost
            return Hearing.Heard;
        }

        bool isCandidate = message.Kind is MessageKind.Vote or MessageKind.PreVote;
        bool tellsItsLog = isCandidate || message is { Kind: MessageKind.HeartbeatAnswer, IsRejected: false } && message.Term == core.Term;
        if (!tellsItsLog) return Hearing.NotYet;

        // It acknowledged in our term, so it knows that term for good, and asks for votes only in later ones.
        bool forgotTerm = isCandidate && message.Term <= core.Term;
        if (message.LogIndex < follower.Match || forgotTerm) return Hearing.LostData;
        judged[message.From] = nonce;
        return Hearing.Heard;
    }
}
