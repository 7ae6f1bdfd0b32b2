using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// A whole cluster in one thread: the production core, log, store and replica on simulated clocks, disks and network, with clients and with
/// faults, all of it decided by one seed. After every event the invariants are looked at; at the end all is healed, and what the clients were
/// told is judged.
/// </summary>
public sealed class World
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly WorldOptions options;
    private readonly SeededRandom random;
    private readonly Dictionary<NodeProcess, NodeRun> runs = [];
    private readonly Dictionary<NodeId, RaftCore> cores = []; // the present or last one of each node
    private readonly List<Client> clients = [];
    private readonly ElectionSafety elections = new();
    private readonly CommittedLog committed = new();
    private readonly StateChecksums checksums = new();
    private readonly RefusedProposals refused;
    private readonly Nemesis nemesis;
    private Machine? founder;
    private Violation? violation;
    private int machinesMade;

    /// <summary>Makes the world of a seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="options">What kind of world.</param>
    /// <param name="traces">Whether to keep the last events in words; changes nothing else.</param>
    public World(ulong seed, WorldOptions? options = null, bool traces = false)
    {
        Seed = seed;
        this.options = options ?? new WorldOptions();
        random = new SeededRandom(seed);
        if (traces) Trace = new Trace(Scheduler, this.options.TraceLines);
        Network = new SimulatedNetwork(Scheduler, random.Fork());
        if (Trace is not null) Network.Trace = what => Trace.Add("network", what);
        int count = this.options.Machines != 0 ? this.options.Machines : random.Chance(0.7) ? 3 : 5;
        for (int i = 0; i < count; i++) AddMachine();
        nemesis = new Nemesis(this, random.Fork());
        refused = new RefusedProposals(committed);
        Network.Sent = SeeSent;
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    internal EventScheduler Scheduler { get; } = new();

    internal SimulatedNetwork Network { get; }

    internal Trace? Trace { get; }

    internal List<Machine> Machines { get; } = [];

    internal History History { get; } = new();

    internal ulong LastCommitted => committed.LastIndex;

    /// <summary>Lives the world from its founding to the judgement of its history.</summary>
    public WorldReport Run()
    {
        PlantedFault before = Planted.Active;
        Plant(options.Planted);
        try
        {
            Live();
        }
        finally
        {
            Plant(before);
            foreach (Machine machine in Machines) machine.Run?.End();
        }

        return new WorldReport(
            Seed, violation, Scheduler.Now, Scheduler.EventCount, Network.SentCount, History.DoneCount, elections.LedTerms, committed.LastIndex,
            nemesis.Counts, Trace?.Lines ?? []);
    }

    internal Machine AddMachine()
    {
        var machine = new Machine(this, ++machinesMade, random.Fork());
        Machines.Add(machine);
        return machine;
    }

    internal void Add(NodeRun run) => runs[run.Process] = run;

    /// <summary>The first violation is the one that counts; the world ends with it.</summary>
    internal void Fail(Violation seen) => violation ??= seen;

    /// <summary>A write of this value was answered as surely not applied.</summary>
    internal void SeeRefused(long value)
    {
        if (refused.Refused(value) is Violation early) Fail(early);
    }

    /// <summary>The first machine that starts on an empty folder founds the shard; all others join it.</summary>
    internal bool TryFound(Machine machine)
    {
        if (founder is not null) return false;
        founder = machine;
        machine.Folder = new FolderIdentity(NodeId.New(random), ShardId.New(random), ClusterId.New(random));
        return true;
    }

    internal bool IsFounding(Machine machine) => machine == founder && committed.LastIndex == 0 && cores.Count == 0;

    /// <summary>
    /// True if the shard can spare this machine's data: every machine is up and reachable, all are voters, follow one leader and have all that
    /// is committed.
    /// </summary>
    internal bool MayLoseFolder(Machine machine) => IsWhole() && !machine.IsLeader;

    /// <summary>Every machine is a voter of one leader's configuration, and nobody else is; all have applied what it has committed.</summary>
    private bool IsWhole()
    {
        if (Machines.FirstOrDefault(m => m.IsLeader && m.Process!.IsRunning) is not { Run.Core: RaftCore leader }) return false;
        Configuration configuration = leader.Configuration;
        return !leader.IsConfigurationChanging && leader.HasCommittedInTerm && configuration.Members.Length == Machines.Count
            && Machines.All(m => m is { Folder: not null, Process.IsRunning: true, Run: { Core: RaftCore core, Store: KeyValueStore store } }
                && configuration.Voters.Contains(m.Folder.Node) && core.Term == leader.Term && store.AppliedIndex == leader.CommitIndex);
    }

    private void Live()
    {
        foreach (Machine machine in Machines) machine.Start();
        if (!RunUntil(IsWhole, options.MostHealing, "the cluster does not form")) return;
        SampleLogs();
        for (int i = 0; i < options.Workload.Clients; i++)
        {
            clients.Add(new Client(i + 1, Scheduler, random.Fork(), options.Workload, () => Machines, History)
            {
                Trace = Trace is null ? null : what => Trace.Add("client", what),
            });
        }

        nemesis.Begin();
        RunFor(options.Duration);
        nemesis.StopAndHeal();
        if (!RunUntil(IsWhole, options.MostHealing, "the cluster does not heal")) return;
        foreach (Client client in clients) client.Stop();
        if (!RunUntil(() => clients.TrueForAll(c => !c.IsWaiting), options.MostHealing, "a client waits for ever")) return;
        var last = new FinalReads(this, random.Fork(), options.Workload.Keys);
        if (!RunUntil(() => last.AreDone, options.MostHealing, "the healed cluster does not answer")) return;
        if (!RunUntil(IsWhole, options.MostHealing, "the healed cluster does not stay whole")) return;
        violation ??= HistoryChecker.Check(History.Operations);
    }

    private void RunFor(TimeSpan time)
    {
        long until = (Scheduler.Now + time).Ticks;
        while (violation is null && Step(until)) { }
    }

    private bool RunUntil(Func<bool> isReached, TimeSpan most, string otherwise)
    {
        TimeSpan until = Scheduler.Now + most;
        while (violation is null && !isReached())
        {
            if (Scheduler.Now >= until)
            {
                Fail(new("liveness", $"{otherwise} within {most.TotalSeconds:F0} s: {Describe()}"));
                break;
            }

            RunFor(LookEvery);
        }

        return violation is null;
    }

    private bool Step(long untilTicks)
    {
        SimulatedEvent? happened = null;
        try
        {
            happened = Scheduler.RunNext(untilTicks);
        }
        catch (SimulatedCrashException)
        {
            happened = Scheduler.Last; // in the middle of a disk operation: the machine is found below
        }
#pragma warning disable CA1031 // whatever production code throws out of an event is a finding
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(new("an exception", $"{exception}"));
        }

        if (happened is null) return false;
        if (happened is NodeEvent { Process: NodeProcess process } && runs.TryGetValue(process, out NodeRun? run))
        {
            LookAt(run);
        }
        else
        {
            foreach (Machine machine in Machines)
            {
                if (machine.Run is not null) LookAt(machine.Run);
            }
        }

        return true;
    }

    private void LookAt(NodeRun run)
    {
        if (!run.Process.IsAlive)
        {
            runs.Remove(run.Process);
            return;
        }

        if (run.Machine.HasLostPower)
        {
            run.Machine.LosePower();
            Scheduler.After(random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(5)), run.Machine.Start);
            return;
        }

        if (run.Core is not RaftCore core) return;
        NodeRun.Seen seen = run.LastSeen;
        var now = new NodeRun.Seen(core.Role, core.Term, core.CommitIndex, run.Replica!.AppliedIndex, core.LastIndex, core.DurableIndex);
        if (now == seen) return;
        run.LastSeen = now;
        cores[core.Id] = core;
        if (DurableAnswers.See(core, run.Disk!, run.Process.Name) is Violation early) Fail(early);
        if (core.CommitIndex < seen.Commit) Fail(new("commit never goes back", $"{run.Process.Name} went from {seen.Commit} to {core.CommitIndex}"));
        if (core.Role == Role.Leader && (seen.Role != Role.Leader || seen.Term != core.Term))
        {
            Trace?.Add(run.Process.Name, $"leads term {core.Term}");
            if (elections.See(core) is Violation twice) Fail(twice);
            if (committed.SeeNewLeader(core) is Violation lost) Fail(lost);
        }

        if (core.Role == Role.Leader) SeeProposals(core, seen.Last);
        if (core.CommitIndex > seen.Commit)
        {
            // An entry of an earlier term is committed only through one of the leader's own (thesis §3.6.2).
            if (core.Role == Role.Leader && seen.Role == Role.Leader && seen.Term == core.Term && core.TermAt(core.CommitIndex) != core.Term)
                Fail(new("an old term's entry committed by counting", $"{run.Process.Name} leads term {core.Term} and commits {core.CommitIndex} of term {core.TermAt(core.CommitIndex)}"));
            if (committed.See(core, seen.Commit + 1) is Violation different) Fail(different);
            if (core.Role == Role.Leader && CommittedLog.SeeQuorum(core, core.CommitIndex, id => cores.GetValueOrDefault(id)) is Violation thin) Fail(thin);
        }

        ulong applied = now.Applied;
        if (applied > core.DurableIndex && applied > core.SnapshotIndex)
            Fail(new("applied before it was durable", $"{run.Process.Name} applied {applied} and has {core.DurableIndex} on disk"));
        if (applied != seen.Applied && !run.Replica.IsLoading && checksums.See(run.Store!, run.Process.Name) is Violation diverged) Fail(diverged);
    }

    private void SeeProposals(RaftCore leader, ulong after)
    {
        for (ulong index = after + 1; index <= leader.LastIndex; index++)
        {
            if (leader.TryGetCached(index, out Entry entry)) refused.See(entry);
        }
    }

    private void SeeSent(NodeProcess process, PeerMessage sent)
    {
        if (sent is not CoreMessage { Message: Message message } || !runs.TryGetValue(process, out NodeRun? run) || run.Disk is not SyncedLog disk) return;
        if (DurableAnswers.See(message, disk, process.Name) is Violation early) Fail(early);
        nemesis.Sent(run.Machine, message);
    }

    private void SampleLogs() => Scheduler.After(SampleEvery, () =>
    {
        List<RaftCore> living = [.. Machines.Where(m => m.IsUp && m.Run!.Core is not null).Select(m => m.Run!.Core!)];
        if (living.Count >= 2 && LogMatching.Check(random.Pick(living), random.Pick(living)) is Violation seen) Fail(seen);
        SampleLogs();
    });

    private string Describe() => string.Join("; ", Machines.Select(m => m switch
    {
        { IsUp: false } => $"{m.Name} is down",
        { Run.Core: RaftCore core } => $"{m.Name} {core.Role} term {core.Term} commit {core.CommitIndex} last {core.LastIndex} applied {m.Run!.Replica!.AppliedIndex} {core.Configuration}",
        _ => $"{m.Name} has not joined",
    }));

    private static void Plant(PlantedFault fault)
    {
#if DEBUG
        Planted.Active = fault;
#else
        Invariant.Holds(fault == PlantedFault.None, "nothing can be planted in a Release build");
#endif
    }
}
