using System.Text;
using Gache.Cluster;
using Gache.Log;
using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>One machine of a world: its clocks and disk, which outlive processes, and the process that runs on it now.</summary>
internal sealed class Machine : IEndpoint
{
    /// <summary>Where a node keeps its data.</summary>
    public const string DataFolder = "/data";

    private readonly World world;
    private readonly SeededRandom random;
    private int starts;

    /// <summary>Makes a machine that is switched off.</summary>
    public Machine(World world, SimulatedShard shard, int number, SeededRandom random)
    {
        (this.world, Shard) = (world, shard);
        this.random = random;
        Name = $"n{number}";
        Clock = new MachineClock(world.Scheduler);
        Speed = new DiskSpeed(random.Fork());
        Disk = new SimulatedFileSystem(random.Fork());
    }

    /// <summary>For traces, and the host in its addresses.</summary>
    public string Name { get; }

    /// <summary>The shard that it is meant for.</summary>
    public SimulatedShard Shard { get; }

    /// <summary>Where its raft port is.</summary>
    public string RaftAddress => $"{Name}:7000";

    /// <inheritdoc/>
    public string ApiAddress => $"{Name}:8000";

    /// <summary>Where its cluster port is.</summary>
    public string ClusterAddress => $"{Name}:9000";

    /// <summary>What it is started with as <c>--cluster-members</c>: the founder of the cluster and that of its shard.</summary>
    public IReadOnlyList<string> Members =>
        [.. new[] { world.Machines[0], Shard.Machines[0] }.Where(_ => this != world.Machines[0]).Select(m => m.ClusterAddress).Distinct()];

    /// <summary>What its gossip keeps over restarts.</summary>
    public PeerMemory Peers { get; private set; } = new();

    /// <summary>The shard that it was about to found: the file <c>founding</c>.</summary>
    public ShardId Founding { get; set; }

    /// <summary>Its clocks.</summary>
    public MachineClock Clock { get; }

    /// <summary>How long its disk takes.</summary>
    public DiskSpeed Speed { get; }

    /// <summary>Its disk.</summary>
    public SimulatedFileSystem Disk { get; private set; }

    /// <summary>Who its data folder belongs to; null while that is empty.</summary>
    public FolderIdentity? Folder { get; set; }

    /// <summary>An earlier copy of its data folder, or null.</summary>
    public FolderCopy? OldCopy { get; private set; }

    /// <summary>True once its folder was replaced by an old copy: then losing data is no defect.</summary>
    public bool HasOldFolder { get; private set; }

    /// <summary>True once a disk operation was planned to fail here: then a node that ends with a failed disk is no defect.</summary>
    public bool MayDiskFail { get; set; }

    /// <summary>True if the disk stopped in the middle of an operation.</summary>
    public bool HasLostPower => Disk.Faults.CrashAtOperation is > 0 and long at && Disk.Operations >= at;

    /// <summary>The process that runs here, or ran last.</summary>
    public NodeRun? Run { get; private set; }

    /// <inheritdoc/>
    public NodeProcess? Process => Run?.Process;

    /// <summary>True while a process runs here, paused or not.</summary>
    public bool IsUp => Process is { IsAlive: true };

    /// <summary>True while it leads.</summary>
    public bool IsLeader => IsUp && Run is { Replica: not null } && Run.Core is { Role: Raft.Role.Leader };

    /// <summary>Starts a process, if none runs.</summary>
    public void Start()
    {
        if (IsUp) return;
        starts++;
        var process = new NodeProcess(world.Scheduler, $"{Name}.{starts}", random.NextUInt64());
        world.Trace?.Add(process.Name, "starts");
        Run = new NodeRun(world, this, process, random.Fork());
    }

    /// <summary>Kills the process; what is in the page cache stays.</summary>
    public void Kill()
    {
        if (!IsUp) return;
        world.Trace?.Add(Process!.Name, "is killed");
        Disk.Kill();
        Run!.End();
    }

    /// <summary>Switches the machine off: what was not synced is lost in part.</summary>
    public void LosePower()
    {
        if (IsUp) world.Trace?.Add(Process!.Name, "loses power");
        Disk.Crash();
        if (IsUp) Run!.End();
    }

    /// <summary>Stops the process where it is.</summary>
    public void Pause() => Process?.Pause();

    /// <summary>Lets it go on.</summary>
    public void Resume() => Process?.Resume(random.Chance(0.5) ? random : null);

    /// <summary>Asks the process to stop; it is started again when it has.</summary>
    public void Stop() => Run?.Stop();

    /// <summary>Empties the data folder: another disk.</summary>
    public void Wipe()
    {
        Disk = new SimulatedFileSystem(random.Fork());
        Folder = null;
        (OldCopy, HasOldFolder) = (null, false);
        (Peers, Founding) = (new PeerMemory(), default);
    }

    /// <summary>Keeps a copy of the data folder as it is now.</summary>
    public void KeepCopy()
    {
        if (Folder is null || Run?.Core is not { } core) return;
        OldCopy = new FolderCopy(CopyOf(Disk, Folder), Folder, core.Configuration);
    }

    /// <summary>Replaces the data folder by the copy that was kept.</summary>
    public void PutBackCopy()
    {
        (SimulatedFileSystem disk, FolderIdentity folder, _) = OldCopy!;
        (Disk, Folder, OldCopy, HasOldFolder) = (CopyOf(disk, folder), folder, null, true);
    }

    /// <inheritdoc/>
    public ValueTask<WriteAnswer> WriteAsync(Operation write, byte[] value) => WriteAsync(write, value, CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask<WriteAnswer> WriteAsync(Operation write, byte[] value, CancellationToken gone)
    {
        if (Run?.Replica is not Replica replica) return new WriteAnswer(NotYet);
        byte[] keyBytes = Encoding.UTF8.GetBytes(write.Key);
        if (Elsewhere(Slot.Of(keyBytes), isTried: false) is { } away) return new WriteAnswer(away);
        byte[] command = Encode(write, keyBytes, value);
        WriteAnswer answer = write.Wait > TimeSpan.Zero
            ? await replica.WriteAsync(command, write.Wait, gone).ConfigureAwait(false)
            : await replica.WriteAsync(command).ConfigureAwait(false);
        if (answer.Refusal?.Code != RefusalCode.NotServed) return answer;
        if (value.Length > 0) Shard.SeeRefusedByApply(ValueCodec.Decode(value));
        return new WriteAnswer(Elsewhere(Slot.Of(keyBytes), isTried: true) ?? answer.Refusal);
    }

    /// <summary>Writes an encoded command, inside the process.</summary>
    /// <param name="key">A key of its slot.</param>
    /// <param name="command">The command; the replica's from now on.</param>
    public async ValueTask<WriteAnswer> WriteAsync(byte[] key, byte[] command)
    {
        if (Run?.Replica is not Replica replica) return new WriteAnswer(NotYet);
        int slot = Slot.Of(key);
        if (Elsewhere(slot, isTried: false) is { } away) return new WriteAnswer(away);
        WriteAnswer answer = await replica.WriteAsync(command).ConfigureAwait(false);
        return answer.Refusal?.Code == RefusalCode.NotServed ? new WriteAnswer(Elsewhere(slot, isTried: true) ?? answer.Refusal) : answer;
    }

    /// <summary>Reads the next keys, inside the process.</summary>
    public async Task<Inspected<ScanPage>> ScanAsync(ScanQuery query)
    {
        int slot = query.From.Slot;
        if (Run?.Replica is not Replica replica) return new Inspected<ScanPage>(null, NotYet);
        if (Elsewhere(slot, isTried: false) is { } away) return new Inspected<ScanPage>(null, away);
        Inspected<ScanPage> answer = await replica.InspectLatestAsync(store => store.Scan(query), continuesInline: true).ConfigureAwait(false);
        bool isOthers = answer.Seen is { End: ScanEnd.NotServed } page && page.Next.Slot == slot && page.Keys.Count == 0;
        return isOthers ? new Inspected<ScanPage>(null, Elsewhere(slot, isTried: true) ?? NotYet) : answer;
    }

    /// <inheritdoc/>
    public void Refused(Operation write)
    {
        if (write.WritesValue) world.SeeRefused(write.Value);
    }

    /// <inheritdoc/>
    public ValueTask<ReadAnswer> ReadAsync(string key, ReadLevel level) => ReadAsync(key, level, null, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask<ReadAnswer> ReadAsync(Operation read, CancellationToken gone)
    {
        bool isStale = read.Kind == OperationKind.StaleRead;
        ReadTerms? terms = read.Known == 0 ? null
            : isStale ? new ReadTerms { Level = ReadLevel.Stale, MinRevision = read.Known }
            : new ReadTerms { Wait = read.Wait, Condition = new Condition { NoneOf = new[] { read.Known } } };
        return ReadAsync(read.Key, isStale ? ReadLevel.Stale : ReadLevel.Linearizable, terms, gone);
    }

    private async ValueTask<ReadAnswer> ReadAsync(string key, ReadLevel level, ReadTerms? terms, CancellationToken gone)
    {
        if (Run?.Replica is not Replica replica) return new ReadAnswer(NotYet);
        ulong committedBefore = Shard.LastCommitted;
        byte[] keyBytes = Encoding.UTF8.GetBytes(key);
        if (Elsewhere(Slot.Of(keyBytes), isTried: false) is { } away) return new ReadAnswer(away);
        ReadAnswer answer = terms is null
            ? await replica.ReadAsync(keyBytes, level).ConfigureAwait(false)
            : await replica.ReadAsync(keyBytes, terms, gone).ConfigureAwait(false);
        if (answer.Refusal?.Code == RefusalCode.NotServed) return new ReadAnswer(Elsewhere(Slot.Of(keyBytes), isTried: true) ?? answer.Refusal);

        // Whatever anybody had committed when the read was asked, it must see; whether or not a client could tell.
        if (level == ReadLevel.Linearizable && answer.Refusal is null && replica.AppliedIndex < committedBefore)
            world.Fail(new("a stale linearizable read", $"{Name} read {key} at {replica.AppliedIndex}, and {committedBefore} was committed before it was asked"));
        return answer;
    }

    private static byte[] Encode(Operation write, byte[] key, byte[] value)
    {
        CommandKind kind = write.Kind switch
        {
            OperationKind.Set => CommandKind.Set,
            OperationKind.Put => CommandKind.Put,
            OperationKind.Add => CommandKind.Add,
            _ => CommandKind.Delete,
        };
        WriteOptions? options = write.Condition is null && kind != CommandKind.Add && write.IdempotencyKey is null && write.Ttl == TimeSpan.Zero ? null : new WriteOptions
        {
            Condition = write.Condition,
            Counter = kind == CommandKind.Add ? write.Counter : null,
            TtlMilliseconds = (ulong)write.Ttl.TotalMilliseconds,
            IdempotencyKey = Encoding.ASCII.GetBytes(write.IdempotencyKey ?? ""),
        };
        var draft = new CommandDraft(kind, key.Length, value.Length, options);
        key.CopyTo(draft.Key);
        value.CopyTo(draft.Value);
        draft.Seal();
        return draft.Bytes;
    }

    /// <summary>Where a node of a cluster sends a request that is not its shard's, as the server does: the owner's leader, or "try again".</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="isTried">Whether the replica refused it already.</param>
    /// <returns>Null if it is to be carried out here.</returns>
    private Refusal? Elsewhere(int slot, bool isTried)
    {
        if (Run?.Cluster is not { } cluster) return null;
        SlotRoute route = cluster.RouteOf(slot);
        return route.Kind switch
        {
            RouteKind.Here when !isTried => null,
            RouteKind.Elsewhere => new Refusal(RefusalCode.NotLeader, $"the key is of shard {route.Shard}", LeaderApi: route.Peer!.ApiAddress),
            _ => new Refusal(RefusalCode.NotServing, $"the key's slot is served by nobody who is known now: {route.Kind}"),
        };
    }

    /// <inheritdoc/>
    public void Failed(Exception exception) => world.Fail(new("a request threw", $"at {Name}: {exception}"));

    private static Refusal NotYet { get; } = new(RefusalCode.ShuttingDown, "the node is starting");

    private SimulatedFileSystem CopyOf(SimulatedFileSystem disk, FolderIdentity owner)
    {
        var copy = new SimulatedFileSystem(random.Fork());
        var folder = new Replication.DataFolder(copy, DataFolder);
        folder.CreateNodeFolders(owner.Node);
        DiskCopy.Copy(disk, copy, folder.LogOf(owner.Node));
        DiskCopy.Copy(disk, copy, folder.SnapshotsOf(owner.Node));
        return copy;
    }
}

/// <summary>A copy of a data folder.</summary>
/// <param name="Disk">Where it is kept.</param>
/// <param name="Folder">Whose it is.</param>
/// <param name="Configuration">Who belonged to the shard then.</param>
internal sealed record FolderCopy(SimulatedFileSystem Disk, FolderIdentity Folder, Raft.Configuration Configuration);
