using Gache.Primitives;
using Gache.Raft;

namespace Gache.Simulation;

/// <summary>
/// The one log that all replicas must agree on: what any of them ever called committed. Holds state machine safety (the same index, the same
/// entry), leader completeness (a later leader has it) and that a majority has it on disk (paper figure 3, P1).
/// </summary>
internal sealed class CommittedLog
{
    private readonly List<Committed> entries = [new(0, 0, 0)]; // from index 0, which is nothing

    /// <summary>The highest index that anyone called committed.</summary>
    public ulong LastIndex => (ulong)entries.Count - 1;

    /// <summary>The term of the committed entry at an index; null if none was called committed there, or only a snapshot told of it.</summary>
    public ulong? TermAt(ulong index) => index <= LastIndex && entries[(int)index].Term is > 0 and ulong term ? term : null;

    /// <summary>A replica calls the entries up to its commit index committed.</summary>
    /// <param name="core">The replica's core.</param>
    /// <param name="from">The first index that it did not call so when it was looked at last.</param>
    public Violation? See(RaftCore core, ulong from)
    {
        for (ulong index = from; index <= core.CommitIndex; index++)
        {
            if (core.TermAt(index) is not ulong term) continue; // in its snapshot
            ulong hash = core.TryGetCached(index, out Entry entry) ? HashOf(entry) : 0;
            if (index < (ulong)entries.Count)
            {
                Committed known = entries[(int)index];
                if (known.Term != 0 && known.Term != term)
                    return new("state machine safety", $"{core.Id} has entry {index} of term {term} committed, another replica one of term {known.Term}");
                if (known.Hash != 0 && hash != 0 && known.Hash != hash)
                    return new("state machine safety", $"{core.Id} has another entry {index} of term {term} committed than another replica");
                if (known.Term == 0 || known.Hash == 0) entries[(int)index] = new Committed(term, hash, Math.Min(known.ByTerm, core.Term));
                continue;
            }

            while ((ulong)entries.Count < index) entries.Add(new Committed(0, 0, core.Term)); // only a snapshot told of them
            entries.Add(new Committed(term, hash, core.Term));
        }

        return null;
    }

    /// <summary>A node begins to lead: it must hold everything that was committed in an earlier term (paper §5.4.3).</summary>
    public Violation? SeeNewLeader(RaftCore core)
    {
        for (ulong index = core.FirstIndex; index <= LastIndex; index++)
        {
            Committed known = entries[(int)index];
            if (known.Term == 0 || known.ByTerm >= core.Term || core.TermAt(index) == known.Term) continue;
            return new(
                "leader completeness",
                $"{core.Id} leads term {core.Term} and has term {core.TermAt(index)?.ToString() ?? "none"} at {index}, where an entry of term {known.Term} was committed in term {known.ByTerm}");
        }

        return null;
    }

    /// <summary>A leader calls an index committed: a majority of each half of its configuration must have the entry on disk.</summary>
    public static Violation? SeeQuorum(RaftCore leader, ulong index, Func<NodeId, RaftCore?> coreOf)
    {
        if (leader.TermAt(index) is not ulong term) return null;
        Configuration configuration = leader.Configuration; // in force as soon as it stands in the log
        return HasMajority(configuration.Voters) && (!configuration.IsJoint || HasMajority(configuration.Outgoing)) ? null : new(
            "committed without a majority's disks",
            $"{leader.Id} calls {index} of term {term} committed; on disk at {string.Join(", ", configuration.Members.Where(m => Has(m.Id)).Select(m => m.RaftAddress))} of {configuration}");

        bool HasMajority(IReadOnlyCollection<NodeId> voters) => voters.Count(Has) > voters.Count / 2;

        // A dead process's core tells what it had on disk when it died.
        bool Has(NodeId id) => coreOf(id) is RaftCore core
            && (core.DurableIndex >= index ? core.TermAt(index) is not ulong own || own == term : core.SnapshotIndex >= index);
    }

    private static ulong HashOf(in Entry entry) =>
        ((ulong)Crc32C.Compute(entry.Payload.Span) << 8 | (byte)entry.Kind) + 1; // never 0, which means not known

    /// <param name="Term">The entry's term; 0 if not known.</param>
    /// <param name="Hash">Of kind and payload; 0 if not known.</param>
    /// <param name="ByTerm">The lowest term in which a node was seen that called it committed.</param>
    private readonly record struct Committed(ulong Term, ulong Hash, ulong ByTerm);
}
