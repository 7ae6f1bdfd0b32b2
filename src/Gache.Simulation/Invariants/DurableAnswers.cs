using Gache.Raft;

namespace Gache.Simulation;

/// <summary>What a node says to others, and believes of itself, is in its stable storage when it says so (P2).</summary>
internal static class DurableAnswers
{
    /// <summary>A message leaves a node.</summary>
    public static Violation? See(Message message, SyncedLog disk, string who)
    {
        if (message.Kind is MessageKind.PreVote or MessageKind.PreVoteAnswer) return null; // bind nobody
        HardState state = disk.HardState;
        if (state.Term < message.Term) return Early(message, who, $"its disk knows term {state.Term}");
        switch (message.Kind)
        {
            case MessageKind.VoteAnswer when !message.IsRejected && state.Term == message.Term && state.Vote != message.To:
                return Early(message, who, $"its disk has a vote for {state.Vote} in term {state.Term}");
            case MessageKind.Vote when state.Term == message.Term && state.Vote != message.From:
                return Early(message, who, $"its disk has a vote for {state.Vote} in term {state.Term}");
            case MessageKind.AppendAnswer when !message.IsRejected && disk.LastIndex < message.LogIndex:
                return Early(message, who, $"its disk has entries up to {disk.LastIndex}");
            default:
                return null;
        }
    }

    /// <summary>A core counts entries as its own durable ones.</summary>
    public static Violation? See(RaftCore core, SyncedLog disk, string who)
    {
        ulong index = core.DurableIndex;
        if (index <= core.SnapshotIndex || (disk.LastIndex >= index && (disk.TermAt(index) is not ulong term || core.TermAt(index) is not ulong own || own == term)))
            return null;
        return new(
            "counted before it was durable",
            $"{who} counts {index} of term {core.TermAt(index)} as durable; its disk has {disk.LastIndex}, and term {disk.TermAt(index)?.ToString() ?? "none"} there");
    }

    private static Violation Early(Message message, string who, string has) =>
        new("said before it was durable", $"{who} sends {message.Kind} of term {message.Term}, index {message.LogIndex}, to {message.To}, and {has}");
}
