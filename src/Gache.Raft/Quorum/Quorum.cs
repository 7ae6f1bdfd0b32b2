using System.Collections.Immutable;
using Gache.Primitives;

namespace Gache.Raft;

/// <summary>Whether something has a majority yet.</summary>
public enum Verdict
{
    /// <summary>Neither is certain yet.</summary>
    Open,

    /// <summary>A majority (in a joint configuration: of each set) is for it.</summary>
    Won,

    /// <summary>A majority for it is out of reach.</summary>
    Lost,
}

/// <summary>Arithmetic of majorities, of one set of voters and of two at once (thesis §4.3).</summary>
internal static class Quorum
{
    /// <summary>The highest number that a majority has reached; in a joint configuration, both majorities.</summary>
    /// <param name="configuration">Who counts.</param>
    /// <param name="reached">How far a voter is.</param>
    public static ulong Reached(Configuration configuration, Func<NodeId, ulong> reached)
    {
        ulong incoming = Reached(configuration.Voters, reached);
        return configuration.IsJoint ? Math.Min(incoming, Reached(configuration.Outgoing, reached)) : incoming;
    }

    /// <summary>The state of a vote.</summary>
    /// <param name="configuration">Who counts.</param>
    /// <param name="answer">What a voter said; null if nothing yet.</param>
    public static Verdict Count(Configuration configuration, Func<NodeId, bool?> answer)
    {
        Verdict incoming = Count(configuration.Voters, answer);
        if (!configuration.IsJoint) return incoming;
        Verdict outgoing = Count(configuration.Outgoing, answer);
        if (incoming == Verdict.Lost || outgoing == Verdict.Lost) return Verdict.Lost;
        return incoming == Verdict.Won && outgoing == Verdict.Won ? Verdict.Won : Verdict.Open;
    }

    private static ulong Reached(ImmutableArray<NodeId> voters, Func<NodeId, ulong> reached)
    {
        if (voters.IsEmpty) return 0; // nobody: nothing is ever decided
        Span<ulong> sorted = stackalloc ulong[Configuration.MaxMembers];
        sorted = sorted[..voters.Length];
        for (int i = 0; i < voters.Length; i++) sorted[i] = reached(voters[i]);
        sorted.Sort();
        return sorted[(voters.Length - 1) / 2];
    }

    private static Verdict Count(ImmutableArray<NodeId> voters, Func<NodeId, bool?> answer)
    {
        int yes = 0, no = 0;
        foreach (NodeId voter in voters)
        {
            bool? said = answer(voter);
            if (said == true) yes++;
            else if (said == false) no++;
        }

        int majority = (voters.Length / 2) + 1;
        if (yes >= majority) return Verdict.Won;
        return voters.Length - no < majority ? Verdict.Lost : Verdict.Open;
    }
}
