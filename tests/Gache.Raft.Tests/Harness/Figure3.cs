using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>
/// The five properties of the paper's figure 3, and what else must hold after every step. It is told of every write, commit and apply, so each
/// check costs only what changed.
/// </summary>
internal sealed class Figure3(IReadOnlyList<Node> nodes)
{
    private readonly Dictionary<ulong, (NodeId Node, int Incarnation)> leaders = [];
    private readonly Dictionary<(ulong Index, ulong Term), (ulong PreviousTerm, EntryKind Kind, ReadOnlyMemory<byte> Payload)> entries = [];
    private readonly List<(ulong Term, ulong CommittedIn)> committed = [(0, 0)];
    private readonly Dictionary<ulong, ulong> stateHashes = [];
    private readonly Dictionary<NodeId, (ulong Commit, ulong Term, Role Role)> seen = [];

    /// <summary>The highest index that any node ever knew to be committed.</summary>
    public ulong HighestCommit => (ulong)committed.Count - 1;

    /// <summary>How many leaders there were.</summary>
    public int Leaders => leaders.Count;

    public void Founded(Entry first)
    {
        committed.Add((first.Term, first.Term));
        entries[(first.Index, first.Term)] = (0, first.Kind, first.Payload);
    }

    /// <summary>These entries stand in a log from the start, and are as good as those that a leader appended.</summary>
    public void Preset(IEnumerable<Entry> log)
    {
        ulong previousTerm = 0;
        foreach (Entry entry in log)
        {
            entries[(entry.Index, entry.Term)] = (previousTerm, entry.Kind, entry.Payload);
            previousTerm = entry.Term;
        }
    }

    public void Crashed(Node node) => seen.Remove(node.Id);

    /// <summary>Before a write is added to the log: log matching, leader append-only, one configuration change at a time.</summary>
    public void Writing(Node node, Write write)
    {
        if (write.Entries.IsEmpty) return;
        DurableLog log = node.Disk.Written;
        ReadOnlySpan<Entry> added = write.Entries.Span;
        bool isRestarted = write.Snapshot is { } snapshot && log.TermAt(snapshot.Index) != snapshot.Term;
        bool isLeader = node.Up.Role == Role.Leader;
        Invariant.Holds(!isLeader || added[0].Index > log.LastIndex, $"leader append-only: leader {node.Number} overwrites {added[0].Index}");
        ulong previousTerm = isRestarted ? write.Snapshot!.Term : log.TermAt(added[0].Index - 1) ?? ulong.MaxValue;
        ulong configurationAt = node.Up.CommitIndex;
        foreach (Entry entry in added)
        {
            Invariant.Holds(previousTerm != ulong.MaxValue, $"{node.Number} writes {entry.Index} after {log.LastIndex}");
            (ulong, EntryKind, ReadOnlyMemory<byte>) fact = (previousTerm, entry.Kind, entry.Payload);
            if (entries.TryGetValue((entry.Index, entry.Term), out (ulong PreviousTerm, EntryKind Kind, ReadOnlyMemory<byte> Payload) known))
            {
                Invariant.Holds(
                    known.PreviousTerm == previousTerm && known.Kind == entry.Kind && known.Payload.Span.SequenceEqual(entry.Payload.Span),
                    $"log matching: {entry.Index}/{entry.Term} differs at {node.Number}");
            }
            else
            {
                Invariant.Holds(isLeader && entry.Term == node.Up.Term, $"{entry.Index}/{entry.Term} appears first at {node.Number}, which does not lead");
                entries.Add((entry.Index, entry.Term), fact);
            }

            previousTerm = entry.Term;
        }

        if (isLeader) RequireOneChange(node, added, configurationAt);
    }

    /// <summary>After every step of a node.</summary>
    public void Check(Node node)
    {
        RaftCore core = node.Up;
        seen.TryGetValue(node.Id, out (ulong Commit, ulong Term, Role Role) before);
        Invariant.Holds(core.CommitIndex >= before.Commit, $"commit of {node.Number} went back from {before.Commit} to {core.CommitIndex}");
        Invariant.Holds(core.Term >= before.Term, $"term of {node.Number} went back from {before.Term} to {core.Term}");
        Invariant.Holds(core.ApplyLimit <= core.DurableIndex, $"{node.Number} may apply {core.ApplyLimit}, and {core.DurableIndex} is durable");
        Invariant.Holds(
            core.LastIndex == node.Disk.Written.LastIndex && core.LastTerm == node.Disk.Written.LastTerm,
            $"{node.Number} believes its log to end at {core.LastIndex}/{core.LastTerm}; written is {node.Disk.Written.LastIndex}/{node.Disk.Written.LastTerm}");
        if (core.Role == Role.Leader && (before.Role != Role.Leader || before.Term != core.Term)) Elected(node);
        for (ulong index = Math.Max(before.Commit, node.Disk.Written.BaseIndex) + 1; index <= core.CommitIndex; index++) Committed(node, index);
        seen[node.Id] = (core.CommitIndex, core.Term, core.Role);
    }

    /// <summary>Before an entry is applied: it is in the own stable storage, and it is the one that was committed (state machine safety).</summary>
    public void Applying(Node node, ulong index)
    {
        ulong? durable = node.Disk.Durable.TermAt(index);
        Invariant.Holds(durable is not null, $"P2: {node.Number} applies {index}, which is not in its stable storage");
        Invariant.Holds(durable == committed[(int)index].Term, $"P2: {node.Number} applies {index}; its stable storage has another entry there, of term {durable}");
    }

    public void Applied(Node node)
    {
        if (!stateHashes.TryAdd(node.Applied, node.StateHash))
            Invariant.Holds(stateHashes[node.Applied] == node.StateHash, $"state machine safety: {node.Number} differs at {node.Applied}");
    }

    public void Loaded(Node node, StoredSnapshot snapshot) =>
        Invariant.Holds(stateHashes[snapshot.Mark.Index] == snapshot.StateHash, $"{node.Number} loads a snapshot that is not the state at {snapshot.Mark.Index}");

    /// <summary>The whole of one node's log against the core's view of it; dear, so not after every step.</summary>
    public static void CheckWhole(Node node)
    {
        if (node.Core is not { } core) return;
        DurableLog log = node.Disk.Written;
        Invariant.Holds(core.FirstIndex == log.BaseIndex + 1, $"{node.Number} believes its log to begin at {core.FirstIndex}; it begins at {log.BaseIndex + 1}");
        for (ulong index = log.BaseIndex; index <= log.LastIndex; index++)
        {
            Invariant.Holds(core.TermAt(index) == log.TermAt(index), $"{node.Number} believes {core.TermAt(index)} at {index}; written is {log.TermAt(index)}");
            if (core.TryGetCached(index, out Entry cached))
                Invariant.Holds(cached.Payload.Span.SequenceEqual(log[index].Payload.Span), $"{node.Number} has another entry {index} in memory than on disk");
            if (index <= core.DurableIndex && index >= node.Disk.Durable.BaseIndex)
                Invariant.Holds(node.Disk.Durable.TermAt(index) == core.TermAt(index), $"{node.Number} believes {index} durable, and it is not");
        }

        Invariant.Holds(core.Configuration.Equals(log.ConfigurationAt(log.LastIndex)), $"{node.Number} is not in the latest configuration of its log");
    }

    private void Elected(Node node)
    {
        ulong term = node.Up.Term;
        leaders.TryAdd(term, (node.Id, node.Incarnation));
        Invariant.Holds(leaders[term] == (node.Id, node.Incarnation), $"election safety: two leaders in term {term}, {leaders[term].Node.Value} and {node.Number}");
        for (ulong index = node.Disk.Written.BaseIndex; index <= HighestCommit; index++)
        {
            if (committed[(int)index].CommittedIn >= term) continue;
            Invariant.Holds(
                node.Disk.Written.TermAt(index) == committed[(int)index].Term,
                $"leader completeness: {node.Number} leads term {term} without {index}/{committed[(int)index].Term}, committed in term {committed[(int)index].CommittedIn}");
        }
    }

    private void Committed(Node node, ulong index)
    {
        ulong term = node.Disk.Written.TermAt(index) ?? throw new InvariantBrokenException($"{node.Number} commits {index}, which it has not");
        if (index <= HighestCommit)
        {
            Invariant.Holds(committed[(int)index].Term == term, $"state machine safety: {node.Number} commits {index}/{term}, and {committed[(int)index].Term} is committed there");
            return;
        }

        Invariant.Holds(node.Up.Role == Role.Leader || seen.TryGetValue(node.Id, out var b) && b.Role == Role.Leader, $"{node.Number} commits {index} first and does not lead");
        RequireDurableQuorum(node, index, term);
        committed.Add((term, node.Up.Term));
    }

    /// <summary>What a leader commits is in the stable storage of a majority, in a joint configuration of both (P1).</summary>
    private void RequireDurableQuorum(Node leader, ulong index, ulong term)
    {
        Configuration configuration = leader.Up.Configuration;
        foreach (IReadOnlyList<NodeId> voters in new IReadOnlyList<NodeId>[] { configuration.Voters, configuration.Outgoing })
        {
            if (voters.Count == 0) continue;
            int have = 0;
            foreach (Node node in nodes)
            {
                DurableLog log = node.Disk.Durable;
                if (voters.Contains(node.Id) && (log.BaseIndex > index || log.TermAt(index) == term)) have++;
            }

            Invariant.Holds(have > voters.Count / 2, $"P1: {leader.Number} commits {index}/{term}, which only {have} of {voters.Count} have in stable storage");
        }
    }

    private static void RequireOneChange(Node node, ReadOnlySpan<Entry> added, ulong commit)
    {
        int open = 0;
        foreach (Entry entry in node.Disk.Written.Entries)
        {
            if (entry.Index > commit && entry.Kind == EntryKind.Configuration) open++;
        }

        bool isChange = false;
        foreach (Entry entry in added)
        {
            if (entry.Kind != EntryKind.Configuration) continue;
            isChange = true;
            open++;
        }

        Invariant.Holds(!isChange || open <= 1, $"{node.Number} begins a configuration change while another is not committed");
    }
}
