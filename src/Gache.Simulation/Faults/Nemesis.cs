using Gache.Log;
using Gache.Raft;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>
/// Does harm: one fault after another, each drawn from the kinds that this seed's world knows (few kinds at a time reach deeper than always
/// all: swarm testing, Groce et al. 2012), each with its repair some time later.
/// </summary>
internal sealed class Nemesis
{
    private static readonly TimeSpan MostDowntime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan MostCut = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(20);
    private const int MostOperationsToCrash = 40;
    private const int MostMachines = 5;

    private static readonly TimeSpan MostAfterMessage = TimeSpan.FromMilliseconds(2);
    private static readonly MessageKind[] AwaitedKinds =
    [
        MessageKind.PreVote, MessageKind.Vote, MessageKind.VoteAnswer, MessageKind.Append, MessageKind.AppendAnswer, MessageKind.Heartbeat, MessageKind.TransferNow,
    ];

    private static readonly SlotPhase[] AwaitedPhases = [SlotPhase.Leaving, SlotPhase.Handed, SlotPhase.Cleaning, SlotPhase.Keeping, SlotPhase.Importing, SlotPhase.Owned];

    private static readonly FaultKind[] AtMessageKinds =
    [
        FaultKind.Kill, FaultKind.PowerLoss, FaultKind.KillThenPowerLoss, FaultKind.Pause, FaultKind.Isolate, FaultKind.OneWayCut, FaultKind.Reset,
    ];

    private readonly World world;
    private readonly SeededRandom random;
    private readonly List<FaultKind> kinds;
    private readonly TimeSpan meanGap;
    private readonly Dictionary<FaultKind, int> counts = [];
    private MessageKind? awaited; // the kind of message at which something will happen
    private SlotPhase? awaitedPhase; // or the change of a slot
    private TimeSpan quietUntil;
    private bool isStopped;

    /// <summary>Draws what this world's faults are like.</summary>
    public Nemesis(World world, SeededRandom random)
    {
        this.world = world;
        this.random = random;
        FaultKind[] all = Enum.GetValues<FaultKind>();
        do kinds = [.. all.Where(_ => random.Chance(0.4))];
        while (kinds.Count < 3);
        meanGap = random.Between(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(8));
    }

    /// <summary>How often each kind happened.</summary>
    public IReadOnlyDictionary<FaultKind, int> Counts => counts;

    /// <summary>Begins to do harm.</summary>
    public void Begin()
    {
        world.Trace?.Add("nemesis", $"may do {string.Join(", ", kinds)}; every {meanGap.TotalSeconds:F1} s");
        Next();
    }

    /// <summary>Stops doing harm, and repairs everything.</summary>
    public void StopAndHeal()
    {
        isStopped = true;
        world.Trace?.Add("nemesis", "all is healed");
        world.Network.Lines.Heal();
        world.Network.Conditions = NetworkConditions.Calm;
        foreach (Machine machine in world.Machines)
        {
            machine.Speed.Slowness = TimeSpan.Zero;
            machine.Disk.Faults.Clear();
            machine.Clock.SetDrift(0);
            machine.Resume();
            machine.Start();
        }
    }

    /// <summary>A node sends a message.</summary>
    public void Sent(Machine sender, Message message)
    {
        if (awaited != message.Kind || isStopped) return;
        awaited = null;
        world.Scheduler.After(random.Between(TimeSpan.Zero, MostAfterMessage), () =>
        {
            if (!isStopped) TryDo(random.Pick(AtMessageKinds), sender);
        });
    }

    /// <summary>A shard's leader applies that a slot is something else now: something befalls it, or another shard's leader.</summary>
    public void SlotChanged(Machine leader, SlotPhase phase)
    {
        if (awaitedPhase != phase || isStopped) return;
        awaitedPhase = null;
        world.Scheduler.After(random.Between(TimeSpan.Zero, 5 * MostAfterMessage), () =>
        {
            if (!isStopped) TryDo(random.Pick(AtMessageKinds), random.Chance(0.5) ? leader : PickShard().Leader ?? leader);
        });
    }

    private void Next()
    {
        // Exponential gaps: often two faults fall together, sometimes a long time is quiet.
        var gap = new TimeSpan((long)(-Math.Log(1 - random.NextDouble()) * meanGap.Ticks));
        world.Scheduler.After(gap, () =>
        {
            if (isStopped) return;
            if (world.Scheduler.Now >= quietUntil) Do(random.Pick(kinds));
            Next();
        });
    }

    private void Do(FaultKind kind)
    {
        Machine victim = PickVictim();
        if (!TryDo(kind, victim)) return;
        counts[kind] = counts.GetValueOrDefault(kind) + 1;
        world.Trace?.Add("nemesis", $"{kind} {victim.Name}");
    }

    private Machine PickVictim() => random.Chance(0.5) && PickShard().Leader is Machine leader ? leader : random.Pick(world.Machines);

    private SimulatedShard PickShard() => world.Shards.Count == 1 ? world.Shards[0] : random.Pick(world.Shards);

    private bool TryDo(FaultKind kind, Machine victim)
    {
        bool isRunning = victim.Process is { IsRunning: true };
        switch (kind)
        {
            case FaultKind.Kill when victim.IsUp:
                victim.Kill();
                StartLater(victim);
                return true;
            case FaultKind.PowerLoss when victim.IsUp:
                victim.LosePower();
                StartLater(victim);
                return true;
            case FaultKind.PowerLossInOperation when isRunning:
                victim.Disk.Faults.CrashAtOperation = victim.Disk.Operations + 1 + random.Next(MostOperationsToCrash);
                return true;
            case FaultKind.BlackOut:
                foreach (Machine machine in world.Machines)
                {
                    machine.LosePower();
                    StartLater(machine);
                }

                return true;
            case FaultKind.KillThenPowerLoss when isRunning:
                victim.Kill();
                victim.Start();
                world.Scheduler.After(random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () =>
                {
                    victim.LosePower();
                    StartLater(victim);
                });
                return true;
            case FaultKind.Pause when isRunning:
                victim.Pause();
                world.Scheduler.After(Short(MostPause), victim.Resume);
                return true;
            case FaultKind.AtMessage:
                if (world.IsCluster && random.Chance(0.7)) awaitedPhase = random.Pick(AwaitedPhases);
                else awaited = random.Pick(AwaitedKinds);
                return true;
            case FaultKind.Clock:
                DisturbClock(victim);
                return true;
            case FaultKind.SlowDisk:
                victim.Speed.Slowness = Short(TimeSpan.FromSeconds(3));
                world.Scheduler.After(Short(MostCut), () => victim.Speed.Slowness = TimeSpan.Zero);
                return true;
            case FaultKind.DiskError or FaultKind.DiskFull when isRunning:
                FileOperation operation = random.Pick([FileOperation.Write, FileOperation.Sync, FileOperation.Sync, FileOperation.Create]);
                int error = kind == FaultKind.DiskFull && operation != FileOperation.Sync ? ErrorNumbers.NoSpace : ErrorNumbers.InputOutput;
                victim.MayDiskFail = true;
                victim.Disk.Faults.FailNth(operation, 1 + random.Next(10), error);
                return true;
            case FaultKind.Stop when isRunning:
                victim.Stop();
                return true;
            case FaultKind.Wipe when victim.Shard.MayLoseFolder(victim):
                victim.LosePower();
                victim.Wipe();
                world.Scheduler.After(Short(MostDowntime), victim.Start);
                return true;
            case FaultKind.OldCopy:
                return TryOldCopy(victim);
            case FaultKind.Join when victim.Shard.Machines.Count < MostMachines:
                world.AddMachine(victim.Shard).Start();
                return true;
            default:
                return TryDisturbNetwork(kind, victim);
        }
    }

    private bool TryDisturbNetwork(FaultKind kind, Machine victim)
    {
        List<string> addresses = [.. world.Machines.Select(m => m.RaftAddress)];
        switch (kind)
        {
            case FaultKind.Split:
                List<string> side = [.. addresses.Where(_ => random.Chance(0.5))];
                world.Network.Lines.Split(side, [.. addresses.Except(side)]);
                break;
            case FaultKind.Isolate:
                world.Network.Lines.Split([victim.RaftAddress], addresses);
                break;
            case FaultKind.OneWayCut:
                foreach (string other in addresses.Where(_ => random.Chance(0.6)))
                {
                    if (random.Chance(0.5)) world.Network.Lines.CutOneWay(victim.RaftAddress, other);
                    else world.Network.Lines.CutOneWay(other, victim.RaftAddress);
                }

                break;
            case FaultKind.BadNetwork:
                world.Network.Conditions = new NetworkConditions
                {
                    Loss = random.Chance(0.5) ? random.NextDouble() * 0.2 : 0,
                    Duplication = random.Chance(0.5) ? random.NextDouble() * 0.2 : 0,
                    Slow = random.Chance(0.5) ? random.NextDouble() * 0.1 : 0,
                    LatencySpread = Short(TimeSpan.FromMilliseconds(100)),
                    KeepsOrder = random.Chance(0.5),
                };
                world.Scheduler.After(Short(MostCut), () => world.Network.Conditions = NetworkConditions.Calm);
                return true;
            case FaultKind.Reset:
                world.Network.ResetConnections(victim.RaftAddress);
                return true;
            default:
                return false; // not possible now
        }

        world.Scheduler.After(Short(MostCut), world.Network.Lines.Heal);
        return true;
    }

    private void DisturbClock(Machine victim)
    {
        switch (random.Next(3))
        {
            case 0: victim.Clock.SetDrift(random.Next(-MachineClock.MaxDriftPartsPerMillion, MachineClock.MaxDriftPartsPerMillion + 1)); break;
            case 1: victim.Clock.SetWallClock(random.Between(TimeSpan.FromDays(-400), TimeSpan.FromDays(400))); break;
            default: victim.Clock.Leap(Short(TimeSpan.FromMinutes(5))); break;
        }
    }

    /// <summary>
    /// A folder from an old copy may only come back while a leader can notice (P7: "where it or a live peer can know it"): everything else is
    /// well, and stays so for a while.
    /// </summary>
    private bool TryOldCopy(Machine victim)
    {
        if (victim.OldCopy is null)
        {
            if (!victim.IsUp) return false;
            victim.Kill();
            victim.KeepCopy();
            StartLater(victim);
            return true;
        }

        if (!victim.Shard.MayLoseFolder(victim)) return false;
        if (!victim.Shard.Machines.Exists(m => m.IsLeader && victim.OldCopy.Configuration.Find(m.Folder!.Node) is not null)) return false; // would know nobody
        quietUntil = world.Scheduler.Now + Quiet;
        world.Network.Conditions = NetworkConditions.Calm;
        victim.LosePower();
        victim.PutBackCopy();
        victim.Start();
        return true;
    }

    private void StartLater(Machine machine) => world.Scheduler.After(Short(MostDowntime), machine.Start);

    // Mostly short, sometimes up to the most: square of an even draw.
    private TimeSpan Short(TimeSpan most)
    {
        double share = random.NextDouble();
        return new TimeSpan((long)(share * share * most.Ticks));
    }
}
