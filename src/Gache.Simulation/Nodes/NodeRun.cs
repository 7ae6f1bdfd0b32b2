using Gache.Cluster;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Simulation;

/// <summary>One process of a node: opens its folder, founds or joins where that is empty, and runs the production replica until it ends.</summary>
internal sealed class NodeRun
{
    private static readonly TimeSpan MostStartTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan JoinEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostEndTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan MostRepair = TimeSpan.FromSeconds(5);
    private const int StopWithinTicks = 500;

    private readonly World world;
    private readonly Machine machine;
    private readonly SeededRandom random;
    private readonly ProcessTime time;
    private readonly SimulatedTransport transport;
    private ReplicaStart? start;
    private SimulatedCalls? clusterPort;
    private bool isStopping;

    /// <summary>Starts; the process does its first thing a moment later.</summary>
    public NodeRun(World world, Machine machine, NodeProcess process, SeededRandom random)
    {
        (this.world, this.machine, this.random, Process) = (world, machine, random, process);
        time = new ProcessTime(world.Scheduler, machine.Clock, process);
        transport = world.Network.Listen(machine.RaftAddress, process);
        process.After(random.Between(TimeSpan.Zero, MostStartTime), () =>
        {
            if (machine.Folder is null && world.IsCluster && machine == machine.Shard.Machines[0] && !machine.Shard.IsFounded) AskToFound();
            else if (machine.Folder is null && !world.TryFound(machine)) Join();
            else Open();
        });
        world.Add(this);
    }

    /// <summary>The process.</summary>
    public NodeProcess Process { get; }

    /// <summary>Where it runs.</summary>
    public Machine Machine => machine;

    /// <summary>The replica, once it is open.</summary>
    public Replica? Replica { get; private set; }

    /// <summary>Its part in the cluster; null in a world of one shard, and before it has an id.</summary>
    public ClusterNode? Cluster { get; private set; }

    /// <summary>Its core.</summary>
    public RaftCore? Core => start?.Core;

    /// <summary>What its log has in stable storage, as seen from outside.</summary>
    public SyncedLog? Disk { get; private set; }

    /// <summary>Its store.</summary>
    public KeyValueStore? Store => start?.Store;

    /// <summary>What the invariants saw of it last.</summary>
    public Seen LastSeen { get; set; }

    /// <summary>Ends the process at once.</summary>
    public void End()
    {
        Process.Kill();
        Store?.Dispose();
    }

    /// <summary>SIGTERM: stops in good order, and comes back.</summary>
    public void Stop()
    {
        if (isStopping || Replica is null) return;
        isStopping = true;
        Process.After(TimeSpan.Zero, () => When(Replica.StopAsync(StopWithinTicks), () =>
        {
            Replica.Close(TimeSpan.Zero);
            EndAndRestart(closesLog: true);
        }));
    }

    private void Open()
    {
        FolderIdentity folder = machine.Folder!;
        try
        {
            start = ReplicaStart.Open(machine.Disk, new DataFolder(machine.Disk, Machine.DataFolder), folder, NodeSizes.Log, NodeSizes.Core, random.Fork());
            Begin(folder, start);
        }
        catch (FileFailedException failure)
        {
            Ended(new NodeEnd(NodeEndReason.DiskFailed, failure.Message));
        }
    }

    private void Begin(FolderIdentity folder, ReplicaStart opened)
    {
        Recovered recovered = opened.Recovered;
        if (world.IsCluster)
        {
            opened.Store.SlotChanging = (slot, before, after) => world.SeeSlot(this, slot, before, after);
            if (world.Changes is { } changes) opened.Store.Observe(changes.ObserverOf(folder.Shard, opened.Store));
            BeginCluster(folder.Node);
        }

        if (recovered.Cut is { } cut) world.Trace?.Add(Process.Name, $"cut {cut.Bytes} bytes of {cut.File} at {cut.Offset}");
        var identity = new PeerIdentity(folder.Node, folder.Shard, folder.Cluster, Process.Nonce, machine.RaftAddress, machine.ApiAddress);
        transport.SetIdentity(identity);
        Disk = new SyncedLog(recovered);
        LogDriver? driver = null;
        Replica = new Replica(new ReplicaParts
        {
            Identity = identity,
            Core = opened.Core,
            Log = opened.Log,
            Submit = write => driver!.Submit(write),
            Store = opened.Store,
            Snapshots = opened.Snapshots,
            SnapshotBytes = opened.SnapshotBytes,
            Transport = transport,
            Background = new NodeBackground(Process, machine.Speed),
            Time = time,
            CreateHistoryFile = () =>
            {
                world.HistoryFiles++;
                return new DataFolder(machine.Disk, Machine.DataFolder).CreateHistory(folder.Node);
            },
            FreeDiskBytes = () => machine.Disk.FreeBytes(Machine.DataFolder),
            Logger = Logger,
            Options = NodeSizes.Replica,
            HandOver = run => Process.After(TimeSpan.Zero, run),
            End = Ended,
        });
        Replica.TryDeclined = machine.Shard.SeeDeclinedTry;
        driver = new LogDriver(Process, machine.Speed, opened.Log, Disk, NodeSizes.Log, Replica.LogCompleted, Replica.LogFailed);
        LastSeen = new Seen(Role.Follower, 0, Core!.CommitIndex, Store!.AppliedIndex, Core.LastIndex, 0);
        if (!world.IsCluster && machine.Shard.IsFounding(machine)) Core.Bootstrap(new Configuration([new Member(folder.Node, machine.RaftAddress, machine.ApiAddress)], [folder.Node]));
        transport.Start(Replica);
        _ = new Ticker(world.Scheduler, machine.Clock, Process, ReplicaOptions.Tick, Replica.Tick);
        world.Trace?.Add(Process.Name, $"is node {folder.Node}, log {recovered.FirstIndex}–{recovered.LastIndex}, term {recovered.HardState.Term}");
    }

    private ILogger Logger => world.Trace?.LoggerFor(Process.Name) ?? NullLogger.Instance;

    /// <summary>Opens the cluster port, gossips, moves slots.</summary>
    private void BeginCluster(NodeId id)
    {
        if (Cluster is not null) return;
        clusterPort = world.Network.OpenClusterPort(machine.ClusterAddress, machine.RaftAddress, Process, WhoAmI);
        ReplicaStatus outside = ReplicaStatus.Outside(id, "starting", NodeSizes.Replica.MaxStoreBytes);
        Cluster = new ClusterNode(new ClusterNodeOptions
        {
            Status = () => Replica?.Status ?? outside,
            Replica = () => Replica,
            IsFolderEmpty = () => machine.Folder is null,
            Calls = clusterPort,
            Requests = new NoRequests(),
            Gossip = (first, wake) => new Gossiper(
                first, new GossipOptions { Node = first.Node, ProcessNonce = Process.Nonce, Seeds = machine.Members, Wake = wake }, clusterPort, time, random.Fork(), machine.Peers),
            Members = machine.Members,
            ApiAddress = machine.ApiAddress,
            RaftAddress = machine.RaftAddress,
            ClusterAddress = machine.ClusterAddress,
            Moves = NodeSizes.Moves,
            Run = run => Process.After(TimeSpan.Zero, run),
            Logger = Logger,
        });
        clusterPort.Serve(Cluster);
        _ = new Ticker(world.Scheduler, machine.Clock, Process, ClusterTimes.Tick, Cluster.Tick);

        ClusterIdentity WhoAmI()
        {
            ClusterId own = Replica?.Status.Cluster ?? default;
            return new ClusterIdentity(id, own.IsNone && machine.Members.Count > 0 && Cluster is { } part ? part.View.Cluster : own, Process.Nonce);
        }
    }

    /// <summary>The first machine of a shard: the cluster decides whether and with what it is founded.</summary>
    private void AskToFound()
    {
        var id = NodeId.New(random);
        transport.SetIdentity(new PeerIdentity(id, default, default, Process.Nonce, machine.RaftAddress, machine.ApiAddress));
        if (machine.Founding.IsNone) machine.Founding = ShardId.New(random);
        BeginCluster(id);
        var founding = new ClusterFounding(
            machine.Members, machine.ClusterAddress, machine.Shard.Slots, clusterPort!, () => Cluster!.Stranger, time, random.Fork(), Logger);
        Task<FoundingPermit> permit = founding.AwaitAsync(machine.Founding, CancellationToken.None);
        When(permit, () => Found(new FolderIdentity(id, machine.Founding, permit.Result.Cluster), permit.Result.FirstCommand));
    }

    private void Found(FolderIdentity who, byte[]? firstCommand)
    {
        try
        {
            var alone = new Configuration([new Member(who.Node, machine.RaftAddress, machine.ApiAddress)], [who.Node]);
            ReplicaStart.Found(machine.Disk, new DataFolder(machine.Disk, Machine.DataFolder), who, alone, firstCommand, NodeSizes.Log, random.Fork());
        }
        catch (Exception failure) when (failure is FileFailedException or LogFailedException)
        {
            Ended(new NodeEnd(NodeEndReason.DiskFailed, failure.Message));
            return;
        }

        bool isFirst = machine.Shard.TryFound(machine, who);
        Invariant.Holds(isFirst, $"{machine.Name} founds a shard that is there");
        Open();
    }

    /// <summary>An empty folder: asks members until one takes it up, answering probes meanwhile.</summary>
    private void Join()
    {
        var id = NodeId.New(random);
        transport.SetIdentity(new PeerIdentity(id, default, default, Process.Nonce, machine.RaftAddress, machine.ApiAddress));
        if (world.IsCluster) BeginCluster(id);
        AskToJoin(id);
    }

    private void AskToJoin(NodeId id)
    {
        Machine asked = random.Pick(machine.Shard.Machines);
        if (asked != machine && asked is { Process.IsAlive: true, Run.Replica: Replica member })
        {
            var request = new JoinRequest(machine.RaftAddress, id, machine.ApiAddress, default, default);
            asked.Process.After(random.Between(TimeSpan.Zero, MostEndTime), () =>
            {
                Task<JoinAnswer> answer = member.JoinAsync(request);
                When(answer, () => TakeJoinAnswer(request, answer.Result));
            });
        }

        Process.After(JoinEvery, () =>
        {
            if (Replica is null) AskToJoin(id);
        });
    }

    private void TakeJoinAnswer(JoinRequest request, JoinAnswer answer)
    {
        world.Trace?.Add(Process.Name, $"asked to join: {answer.Refusal?.Code.ToString() ?? answer.Verdict.ToString()}: {answer.Detail}");
        if (Replica is not null || answer.Refusal is not null || answer.Verdict != JoinRefusal.None) return;
        machine.Folder = new FolderIdentity(request.Node, answer.Shard, answer.Cluster);
        Open();
    }

    /// <summary>Looks until a task is completed and goes on in this process; its own continuations would run on other threads.</summary>
    private void When(Task task, Action then) => Process.After(LookEvery, () =>
    {
        if (task.IsCompleted) then();
        else When(task, then);
    });

    private void Ended(NodeEnd end)
    {
        if (machine.HasLostPower)
        {
            machine.LosePower(); // what looks like the node's end is the machine's
            return;
        }

        world.Trace?.Add(Process.Name, $"ends by itself: {end.Reason}: {end.Detail}");
        switch (end.Reason)
        {
            case NodeEndReason.DiskFailed when machine.MayDiskFail:
                EndAndRestart(closesLog: false);
                break;
            case NodeEndReason.Rejoin when machine.HasOldFolder:
                machine.Wipe();
                EndAndRestart(closesLog: false);
                break;
            default:
                world.Fail(new($"a node ended: {end.Reason}", $"{Process.Name}: {end.Detail}"));
                break;
        }
    }

    /// <summary>The process says its last words and is gone; its supervisor starts it again.</summary>
    private void EndAndRestart(bool closesLog) => Process.After(random.Between(TimeSpan.Zero, MostEndTime), () =>
    {
        if (closesLog)
        {
            try
            {
                start!.Log.CloseCleanly();
            }
            catch (LogFailedException)
            {
                // the disk failed in the last moment: as if it had been killed
            }
        }

        machine.Kill();
        world.Scheduler.After(random.Between(TimeSpan.Zero, MostRepair), machine.Start);
    });

    /// <summary>What the invariants saw of a replica last.</summary>
    internal readonly record struct Seen(Role Role, ulong Term, ulong Commit, ulong Applied, ulong Last, ulong Durable);

    /// <summary>Clients are sent on, and nothing is forwarded for them.</summary>
    private sealed class NoRequests : ICallHandler
    {
        public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
        {
            // never answered: the caller has its timeout
        }
    }
}
