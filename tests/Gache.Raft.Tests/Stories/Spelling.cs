using System.Globalization;
using System.Text;
using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>How a story writes nodes, entries and messages.</summary>
internal static class Spelling
{
    /// <summary>Fills commands whose size matters, and is not shown.</summary>
    public const char Padding = '.';

    public static string Of(NodeId id) => id.IsNone ? "nobody" : $"{(ulong)id.Value}";

    public static string Of(in Entry entry)
    {
        string what = entry.Kind switch
        {
            EntryKind.NoOp => "noop",
            EntryKind.Configuration => "conf",
            _ => Encoding.UTF8.GetString(entry.Payload.Span).TrimEnd(Padding),
        };
        return $"{entry.Index}:{what}/{entry.Term}";
    }

    public static string Of(IEnumerable<Entry> entries) => $"[{string.Join(' ', entries.Select(entry => Of(entry)))}]";

    /// <summary>The kinds of parcels as routes name them: <c>pre-vote</c>, <c>append-answer</c>, <c>snapshot</c>.</summary>
    public static string KindOf(Parcel parcel) => parcel.Message?.Kind switch
    {
        null => "snapshot",
        MessageKind.PreVote => "pre-vote",
        MessageKind.PreVoteAnswer => "pre-vote-answer",
        MessageKind.Vote => "vote",
        MessageKind.VoteAnswer => "vote-answer",
        MessageKind.Append => "append",
        MessageKind.AppendAnswer => "append-answer",
        MessageKind.Heartbeat => "heartbeat",
        MessageKind.HeartbeatAnswer => "heartbeat-answer",
        MessageKind.TransferNow => "transfer-now",
        _ => throw new InvalidOperationException($"{parcel.Message.Kind} has no name in stories"),
    };

    public static string Of(Parcel parcel)
    {
        string head = $"{Of(parcel.From)}->{Of(parcel.To)} {KindOf(parcel)}";
        return parcel.Message is { } message ? $"{head} term {message.Term}{Rest(message)}" : $"{head} {parcel.Snapshot!.Mark.Index}/{parcel.Snapshot.Mark.Term}";
    }

    public static string Of(Configuration configuration)
    {
        string voters = $"voters {List(configuration.Voters)}";
        if (configuration.IsJoint) voters += $" and {List(configuration.Outgoing)}";
        return configuration.Learners.IsEmpty ? voters : $"{voters}, learners {List(configuration.Learners)}";
    }

    public static string Of(FollowerStatus follower) =>
        $"follower {Of(follower.Node)} matches {follower.Match}{(follower.NeedsSnapshot ? ", needs a snapshot" : "")}{(follower.HasDenied ? ", denies it" : "")}";

    /// <summary>A node's state; its configuration if that is another than the group was founded with.</summary>
    public static string Of(Node node, Configuration foundedWith)
    {
        DurableLog log = node.Disk.Written;
        string entries = log.BaseIndex == 0 ? Of(log.Entries) : $"after {log.BaseIndex}/{log.BaseTerm} {Of(log.Entries)}";
        if (node.Core is not { } core) return $"{node.Number} down, term {log.HardState.Term}, log {entries}";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{node.Number} {RoleOf(core)} term {core.Term}");
        if (!log.HardState.Vote.IsNone) text.Append($", vote {Of(log.HardState.Vote)}");
        text.Append($", log {entries}");
        if (core.DurableIndex < core.LastIndex) text.Append(CultureInfo.InvariantCulture, $", durable {core.DurableIndex}");
        text.Append(CultureInfo.InvariantCulture, $", commit {core.CommitIndex}");
        if (core.ApplyLimit < core.CommitIndex) text.Append(CultureInfo.InvariantCulture, $", apply {core.ApplyLimit}");
        if (!core.Configuration.Equals(foundedWith) && !core.Configuration.Members.IsEmpty) text.Append($", {Of(core.Configuration)}");
        if (core.IsTransferring) text.Append(", handing over");
        return text.ToString();
    }

    private static string RoleOf(RaftCore core) => core.Role switch
    {
        Role.Leader => "leader",
        Role.Candidate => "candidate",
        Role.PreCandidate => "pre-candidate",
        _ => core.Leader.IsNone ? "follower" : $"follower of {Of(core.Leader)}",
    };

    private static string Rest(Message m) => m.Kind switch
    {
        MessageKind.PreVote or MessageKind.Vote => $", log ends at {m.LogIndex}/{m.LogTerm}{(m.IsTransfer ? ", transfer" : "")}",
        MessageKind.PreVoteAnswer or MessageKind.VoteAnswer => m.IsRejected ? ", refused" : ", granted",
        MessageKind.Append => $", after {m.LogIndex}/{m.LogTerm} {Of(m.Entries.ToArray())}, commit {m.Commit}",
        MessageKind.AppendAnswer when m.IsRejected => $", refused at {m.LogIndex}, hint {m.HintIndex}/{m.HintTerm}",
        MessageKind.AppendAnswer => $", matches {m.LogIndex}",
        MessageKind.Heartbeat => $", commit {m.Commit}, round {m.Round}",
        MessageKind.HeartbeatAnswer => m.IsRejected ? ", refused" : $", commit {m.Commit}, round {m.Round}",
        _ => "",
    };

    private static string List(IEnumerable<NodeId> ids) => string.Join(',', ids.Select(Of));
}
