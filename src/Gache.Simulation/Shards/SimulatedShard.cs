using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>One shard of a world: its machines, and what must hold among its replicas after every event.</summary>
internal sealed class SimulatedShard
{
    private readonly World world;
    private readonly Dictionary<NodeId, RaftCore> cores = []; // the present or last one of each node
    private readonly ElectionSafety elections = new();
    private readonly CommittedLog committed = new();
    private readonly StateChecksums checksums = new();
    private readonly RefusedProposals refused;
    private Machine? founder;

    /// <summary>Makes a shard without machines.</summary>
    public SimulatedShard(World world, int number, SlotSet slots)
    {
        (this.world, Number, Slots) = (world, number, slots);
        refused = new RefusedProposals(committed);
    }

    /// <summary>From 1; the first founds the cluster.</summary>
    public int Number { get; }

    /// <summary>What it is founded with (<c>--cluster-slot</c>).</summary>
    public SlotSet Slots { get; }

    /// <summary>Its machines, in the order in which they were made; the first founds it.</summary>
    public List<Machine> Machines { get; } = [];

    /// <summary>Its id; none before it is founded.</summary>
    public ShardId Id { get; private set; }

    /// <summary>How many terms had a leader.</summary>
    public int LedTerms => elections.LedTerms;

    /// <summary>The highest index that any of its replicas called committed.</summary>
    public ulong LastCommitted => committed.LastIndex;

    /// <summary>The machine that leads it, as far as that machine believes; null if none does.</summary>
    public Machine? Leader => Machines.FirstOrDefault(m => m.IsLeader);

    /// <summary>The first machine that starts on an empty folder founds the shard; all others join it.</summary>
    public bool TryFound(Machine machine, FolderIdentity folder)
    {
        if (founder is not null) return false;
        founder = machine;
        machine.Folder = folder;
        Id = folder.Shard;
        return true;
    }

    /// <summary>Whether somebody founded it.</summary>
    public bool IsFounded => founder is not null;

    /// <summary>True while the founder has not written the first entry.</summary>
    public bool IsFounding(Machine machine) => machine == founder && committed.LastIndex == 0 && cores.Count == 0;

    /// <summary>
    /// True if the shard can spare this machine's data: every machine is up and reachable, all are voters, follow one leader and have all that
    /// is committed; and nothing is proposed that it may have acknowledged and others have not.
    /// </summary>
    public bool MayLoseFolder(Machine machine) => IsWhole() && !machine.IsLeader && Leader!.Run!.Core is { } core && core.LastIndex == core.CommitIndex;

    /// <summary>Every machine is a voter of one leader's configuration, and nobody else is; all have applied what it has committed.</summary>
    public bool IsWhole()
    {
        if (Machines.FirstOrDefault(m => m.IsLeader && m.Process!.IsRunning) is not { Run.Core: RaftCore leader }) return false;
        Configuration configuration = leader.Configuration;
        return !leader.IsConfigurationChanging && leader.HasCommittedInTerm && configuration.Members.Length == Machines.Count
            && Machines.All(m => m is { Folder: not null, Process.IsRunning: true, Run: { Core: RaftCore core, Store: KeyValueStore store } }
                && configuration.Voters.Contains(m.Folder.Node) && core.Term == leader.Term && store.AppliedIndex == leader.CommitIndex);
    }

    /// <summary>A write of this value was answered as surely not applied.</summary>
    public Violation? SeeRefused(long value) => refused.Refused(value);

    /// <summary>Apply refused the write of this value.</summary>
    public void SeeRefusedByApply(long value) => refused.RefusedByApply(value);

    /// <summary>Apply declined a try of a write that goes on waiting.</summary>
    public void SeeDeclinedTry(Entry entry) => refused.DeclinedByApply(entry);

    /// <summary>Compares two living logs.</summary>
    public Violation? SampleLogs(SeededRandom random)
    {
        List<RaftCore> living = [.. Machines.Where(m => m.IsUp && m.Run!.Core is not null).Select(m => m.Run!.Core!)];
        return living.Count >= 2 ? LogMatching.Check(random.Pick(living), random.Pick(living)) : null;
    }

    /// <summary>Looks at a replica after an event of its process.</summary>
    public void See(NodeRun run, RaftCore core)
    {
        NodeRun.Seen seen = run.LastSeen;
        var now = new NodeRun.Seen(core.Role, core.Term, core.CommitIndex, run.Replica!.AppliedIndex, core.LastIndex, core.DurableIndex);
        if (now == seen) return;
        run.LastSeen = now;
        cores[core.Id] = core;
        if (DurableAnswers.See(core, run.Disk!, run.Process.Name) is Violation early) world.Fail(early);
        if (core.CommitIndex < seen.Commit) world.Fail(new("commit never goes back", $"{run.Process.Name} went from {seen.Commit} to {core.CommitIndex}"));
        if (core.Role == Role.Leader && (seen.Role != Role.Leader || seen.Term != core.Term))
        {
            world.Trace?.Add(run.Process.Name, $"leads term {core.Term}");
            if (elections.See(core) is Violation twice) world.Fail(twice);
            if (committed.SeeNewLeader(core) is Violation lost) world.Fail(lost);
        }

        if (core.Role == Role.Leader) SeeProposals(core, seen.Last);
        if (core.CommitIndex > seen.Commit)
        {
            // An entry of an earlier term is committed only through one of the leader's own (thesis §3.6.2).
            if (core.Role == Role.Leader && seen.Role == Role.Leader && seen.Term == core.Term && core.TermAt(core.CommitIndex) != core.Term)
                world.Fail(new("an old term's entry committed by counting", $"{run.Process.Name} leads term {core.Term} and commits {core.CommitIndex} of term {core.TermAt(core.CommitIndex)}"));
            if (committed.See(core, seen.Commit + 1) is Violation different) world.Fail(different);
            if (core.Role == Role.Leader && CommittedLog.SeeQuorum(core, core.CommitIndex, id => cores.GetValueOrDefault(id)) is Violation thin) world.Fail(thin);
        }

        ulong applied = now.Applied;
        if (applied > core.DurableIndex && applied > core.SnapshotIndex)
            world.Fail(new("applied before it was durable", $"{run.Process.Name} applied {applied} and has {core.DurableIndex} on disk"));
        if (applied != seen.Applied && !run.Replica.IsLoading && checksums.See(run.Store!, run.Process.Name) is Violation diverged) world.Fail(diverged);
    }

    /// <summary>Its machines in words.</summary>
    public string Describe() => string.Join("; ", Machines.Select(m => m switch
    {
        { IsUp: false } => $"{m.Name} is down",
        { Run.Core: RaftCore core } => $"{m.Name} {core.Role} term {core.Term} commit {core.CommitIndex} last {core.LastIndex} applied {m.Run!.Replica!.AppliedIndex} {core.Configuration}",
        _ => $"{m.Name} has not joined",
    }));

    private void SeeProposals(RaftCore leader, ulong after)
    {
        for (ulong index = after + 1; index <= leader.LastIndex; index++)
        {
            if (!leader.TryGetCached(index, out Entry entry)) continue;
            refused.See(entry);
            world.SeeProposal(this, entry);
        }
    }
}
