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
    private readonly List<Client> clients = [];
    private readonly List<WatchingClient> watchers = [];
    private readonly Ledger ledger = new();
    private readonly List<Banker> bankers = [];
    private readonly List<Scanner> scanners = [];
    private readonly SlotLedger slots = new();
    private readonly SlotEchoes? echoes;
    private readonly Nemesis nemesis;
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
        History = new History { FastestClock = FastestClock };
        if (traces) Trace = new Trace(Scheduler, this.options.TraceLines);
        Network = new SimulatedNetwork(Scheduler, random.Fork());
        if (Trace is not null) Network.Trace = what => Trace.Add("network", what);
        for (int i = 0; i < this.options.Shards; i++)
        {
            int first = i * Slot.Count / this.options.Shards;
            AddShard(IsCluster ? SlotSet.Of(first, ((i + 1) * Slot.Count / this.options.Shards) - 1) : SlotSet.All);
        }

        if (IsCluster && this.options.Watchers > 0) Changes = new CommittedChanges(this);
        nemesis = new Nemesis(this, random.Fork());
        if (IsCluster) echoes = new SlotEchoes(this, random.Fork());
        Network.Sent = SeeSent;
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    internal EventScheduler Scheduler { get; } = new();

    internal SimulatedNetwork Network { get; }

    internal Trace? Trace { get; }

    /// <summary>The shards; in a cluster another one joins.</summary>
    internal List<SimulatedShard> Shards { get; } = [];

    /// <summary>All machines of all shards.</summary>
    internal List<Machine> Machines { get; } = [];

    /// <summary>How many files for histories of changes were made.</summary>
    internal int HistoryFiles { get; set; }

    /// <summary>Whether there is more than one shard: nodes gossip, and slots move.</summary>
    internal bool IsCluster => options.Shards > 1;

    internal History History { get; }

    /// <summary>What replicas applied, where watches are to be judged by it; else null.</summary>
    internal CommittedChanges? Changes { get; }

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
            Seed, violation, Scheduler.Now, Scheduler.EventCount, Network.SentCount, History.DoneCount, Shards.Sum(s => s.LedTerms),
            Shards.Aggregate(0ul, (sum, s) => sum + s.LastCommitted), Network.CallCount, slots.Moves, nemesis.Counts, Trace?.Lines ?? [])
        {
            Watched = watchers.Sum(watcher => watcher.Told), Resumed = watchers.Sum(watcher => watcher.Resumed), Compacted = watchers.Sum(watcher => watcher.Compacted),
            HistoryFiles = HistoryFiles, Transfers = ledger.Transfers, Scans = scanners.Sum(scanner => scanner.Scans),
        };
    }

    internal Machine AddMachine(SimulatedShard shard)
    {
        var machine = new Machine(this, shard, ++machinesMade, random.Fork());
        Machines.Add(machine);
        shard.Machines.Add(machine);
        return machine;
    }

    internal void Add(NodeRun run) => runs[run.Process] = run;

    /// <summary>The first violation is the one that counts; the world ends with it.</summary>
    internal void Fail(Violation seen) => violation ??= seen;

    /// <summary>A write of this value was answered as surely not applied.</summary>
    internal void SeeRefused(long value)
    {
        foreach (SimulatedShard shard in Shards)
        {
            if (shard.SeeRefused(value) is Violation early) Fail(early);
        }
    }

    /// <summary>A leader of a shard has an entry in its log.</summary>
    internal void SeeProposal(SimulatedShard shard, in Raft.Entry entry) => echoes?.See(shard, entry);

    /// <summary>A replica applies an entry that changes a slot's state.</summary>
    internal void SeeSlot(NodeRun run, int slot, SlotState before, SlotState after)
    {
        if (slots.See(run.Machine.Shard.Id, run.Store!, run.Process.Name, slot, before, after) is Violation seen) Fail(seen);
        if (run.Machine.IsLeader && before.Phase != after.Phase) nemesis.SlotChanged(run.Machine, after.Phase);
        if (Trace is not null && run.Machine.IsLeader && before != after && after.Transfer.NextChunk == 0) Trace.Add(run.Process.Name, $"slot {slot} is {after.Phase} at epoch {after.Epoch}");
    }

    private SimulatedShard AddShard(SlotSet owned)
    {
        var shard = new SimulatedShard(this, Shards.Count + 1, owned);
        Shards.Add(shard);
        int count = options.Machines != 0 ? options.Machines : IsCluster || random.Chance(0.7) ? 3 : 5;
        for (int i = 0; i < count; i++) AddMachine(shard);
        return shard;
    }

    /// <summary>The first machine that starts on an empty folder founds the shard; all others join it. (In a cluster the shard's first machine asks before.)</summary>
    internal bool TryFound(Machine machine) => !IsCluster && !machine.Shard.IsFounded
        && machine.Shard.TryFound(machine, new FolderIdentity(NodeId.New(random), ShardId.New(random), ClusterId.New(random)));

    /// <summary>No monotonic clock has counted more since the world began.</summary>
    private TimeSpan FastestClock() =>
        (Scheduler.Now * (1 + MachineClock.MaxDriftPartsPerMillion / 1e6)) + Machines.Aggregate(TimeSpan.Zero, (sum, machine) => sum + machine.Clock.Leapt);

    private bool IsWhole() => Shards.TrueForAll(shard => shard.IsWhole());

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

        if (Changes is not null)
        {
            for (int i = 0; i < options.Watchers; i++) watchers.Add(new WatchingClient(i, this, random.Fork(), options.Workload));
        }

        string bankTag = options.Workload.Tags == 0 ? "bank" : "s0"; // a slot that moves
        for (int i = 0; i < options.Bankers; i++) bankers.Add(new Banker(i + 1, this, random.Fork(), ledger, bankTag));
        for (int i = 0; i < options.Scanners; i++) scanners.Add(new Scanner(this, random.Fork(), options.Workload));
        SlotOperator? mover = IsCluster ? BeginMoves() : null;
        nemesis.Begin();
        RunFor(options.Duration);
        nemesis.StopAndHeal();
        mover?.Stop();
        echoes?.Stop();
        if (!RunUntil(IsWhole, options.MostHealing, "the cluster does not heal")) return;
        if (IsCluster && !RunUntil(() => SettledSlots.AreSettled(Shards), options.MostHealing, "the slots do not come to rest")) return;
        foreach (Client client in clients) client.Stop();
        foreach (Banker banker in bankers) banker.Stop();
        foreach (Scanner scanner in scanners) scanner.Stop();
        if (!RunUntil(() => clients.TrueForAll(c => !c.IsWaiting), options.MostHealing, "a client waits for ever")) return;
        if (!RunUntil(() => bankers.TrueForAll(b => b.IsIdle) && scanners.TrueForAll(s => s.IsIdle), options.MostHealing, "a transaction or a scan does not end")) return;
        foreach (Banker banker in bankers) banker.LookAgain();
        if (!RunUntil(() => bankers.TrueForAll(b => b.IsIdle), options.MostHealing, "a last look does not end")) return;
        var last = new FinalReads(this, random.Fork(), options.Workload);
        if (!RunUntil(() => last.AreDone, options.MostHealing, "the healed cluster does not answer")) return;
        if (!RunUntil(IsWhole, options.MostHealing, "the healed cluster does not stay whole")) return;
        if (IsCluster && SettledSlots.Check(Shards) is Violation unsettled) Fail(unsettled);
        if (Changes is not null && !RunUntil(() => watchers.TrueForAll(w => w.HasSeenAll(Changes)), options.MostHealing, "a watch does not tell all")) return;
        foreach (WatchingClient watcher in watchers) watcher.Judge(Changes!);
        violation ??= ledger.Check();
        violation ??= HistoryChecker.Check(History.Operations, isOneShard: !IsCluster);
    }

    /// <summary>Slots begin to move; and at some time another shard comes, without slots, and is given some.</summary>
    private SlotOperator BeginMoves()
    {
        var mover = new SlotOperator(this, random.Fork(), Enumerable.Range(0, options.Workload.Keys).Select(options.Workload.KeyOf));
        mover.Begin();
        echoes!.Begin();
        Scheduler.After(random.Between(TimeSpan.Zero, options.Duration / 2), () =>
        {
            foreach (Machine machine in AddShard(new SlotSet()).Machines) machine.Start();
        });
        return mover;
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
        run.Machine.Shard.See(run, core);
    }

    private void SeeSent(NodeProcess process, PeerMessage sent)
    {
        if (sent is not CoreMessage { Message: Message message } || !runs.TryGetValue(process, out NodeRun? run) || run.Disk is not SyncedLog disk) return;
        if (DurableAnswers.See(message, disk, process.Name) is Violation early) Fail(early);
        nemesis.Sent(run.Machine, message);
    }

    private void SampleLogs() => Scheduler.After(SampleEvery, () =>
    {
        foreach (SimulatedShard shard in Shards)
        {
            if (shard.SampleLogs(random) is Violation seen) Fail(seen);
        }

        SampleLogs();
    });

    private string Describe() => string.Join("; ", Shards.Select(shard => shard.Describe()).Append(SettledSlots.Describe(Shards)));

    private static void Plant(PlantedFault fault)
    {
#if DEBUG
        Planted.Active = fault;
#else
        Invariant.Holds(fault == PlantedFault.None, "nothing can be planted in a Release build");
#endif
    }
}
