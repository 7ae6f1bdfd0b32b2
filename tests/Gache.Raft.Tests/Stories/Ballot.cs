namespace Gache.Raft.Tests;

/// <summary>The story command <c>elect 1 votes 2,3</c>: one node stands, and only these are asked, until nobody has more to say.</summary>
internal static class Ballot
{
    private const int MostTicks = 100;

    private static readonly HashSet<string> Kinds = ["pre-vote", "pre-vote-answer", "vote", "vote-answer"];

    public static void Hold(Group group, Node candidate, IReadOnlyList<Node> voters, Action<Parcel> onAnswer)
    {
        // Nobody among them hears a leader any more, as when its process has gone. One that leads itself does not know that it should not.
        foreach (Node node in voters.Append(candidate).Where(node => node.Up.Role != Role.Leader && !node.Up.Leader.IsNone))
            group.Do(node, core => core.PeerDisconnected(core.Leader));
        group.Pool.RemoveAll(IsOld);
        for (int tick = 0; !group.Pool.Exists(IsOld) && candidate.Held.Count == 0 && candidate.Up.Role != Role.Leader; tick++)
        {
            if (tick == MostTicks) throw new FormatException($"{candidate.Number} does not stand");
            group.Do(candidate, core => core.Tick());
        }

        while (group.Pool.Find(IsAsked) is { } parcel)
        {
            group.Pool.Remove(parcel);
            if (parcel.To == candidate.Id) onAnswer(parcel);
            group.Deliver(parcel);
        }

        group.Pool.RemoveAll(IsOld);

        bool IsOld(Parcel parcel) => parcel.From == candidate.Id && Kinds.Contains(Spelling.KindOf(parcel));
        bool IsAsked(Parcel parcel) => Kinds.Contains(Spelling.KindOf(parcel))
            && ((parcel.From == candidate.Id && voters.Any(v => v.Id == parcel.To)) || (parcel.To == candidate.Id && voters.Any(v => v.Id == parcel.From)));
    }
}
