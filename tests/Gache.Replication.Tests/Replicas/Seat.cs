using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Replication.Tests.Replicas;

/// <summary>One machine of a <see cref="Room"/>: its disk outlives the replicas that run on it.</summary>
internal sealed class Seat(Room room, string name) : IBackground
{
    public const string Folder = "/data";

    private readonly Queue<Action> background = new();
    private ReplicaStart? start;

    public string RaftAddress { get; } = $"{name}:7000";

    public string ApiAddress { get; } = $"{name}:8000";

    public SimulatedFileSystem Disk { get; set; } = new(new Random(7));

    public DataFolder Data => new(Disk, Folder);

    /// <summary>Who sits here; of a machine that joins the id alone.</summary>
    public PeerIdentity Identity { get; private set; } = new(default, default, default, 0, "", "");

    public NodeId Node => Identity.Node;

    public bool IsUp => start is not null;

    public Replica Replica { get; private set; } = null!;

    public RaftCore Core => start!.Core;

    public WriteAheadLog Log => start!.Log;

    /// <summary>What its next start goes by.</summary>
    public ReplicaOptions Options { get; set; } = Room.ReplicaSizes;

    public KeyValueStore Store => start!.Store;

    public ulong StoreTimeMilliseconds => start!.Store.StoreTimeMilliseconds;

    public IReadOnlyList<SnapshotFile> Snapshots => start!.Snapshots.List();

    public SnapshotFolder SnapshotFolder => start!.Snapshots;

    /// <summary>What the replica ended with, or null.</summary>
    public NodeEnd? End { get; private set; }

    /// <summary>While true no write reaches the log's disk.</summary>
    public bool HoldsLog { get; set; }

    /// <summary>After so many writes more <see cref="HoldsLog"/> is set.</summary>
    public int WritesUntilHeld { get; set; }

    public Func<long> FreeDiskBytes { get; set; } = () => long.MaxValue / 2;

    /// <summary>True if it leads, as it believes.</summary>
    public bool Leads => IsUp && Core.Role == Role.Leader;

    /// <summary>Founds a shard on an empty disk.</summary>
    public void Found(IEnumerable<Member>? deadLearners = null)
    {
        var who = new FolderIdentity(NodeId.New(room.Random), ShardId.New(room.Random), ClusterId.New(room.Random));
        Member[] others = [.. deadLearners ?? []];
        var alone = new Configuration([new Member(who.Node, RaftAddress, ApiAddress), .. others], [who.Node], learners: others.Select(m => m.Id));
        ReplicaStart.Found(Disk, Data, who, alone, null, Room.LogSizes, room.Random);
        Data.WriteIdentity(who);
        Start();
    }

    /// <summary>An empty disk: answers probes under a new id, and asks a member to be taken up.</summary>
    /// <returns>The member's answer.</returns>
    public Task<JoinAnswer> AskToJoin(Seat member)
    {
        Identity = new PeerIdentity(NodeId.New(room.Random), default, default, room.NextNonce(), RaftAddress, ApiAddress);
        return member.Replica.JoinAsync(new JoinRequest(RaftAddress, Node, ApiAddress, default, default));
    }

    /// <summary>Starts as the member that the answer says.</summary>
    public void StartAs(JoinAnswer answer)
    {
        var who = new FolderIdentity(answer.Node, answer.Shard, answer.Cluster);
        ReplicaStart.CreateLog(Disk, Data, who, Room.LogSizes);
        Data.WriteIdentity(who);
        Start();
    }

    /// <summary>Starts a process with what the folder holds.</summary>
    public void Start()
    {
        FolderIdentity who = Data.ReadIdentity() ?? throw new InvalidOperationException($"the folder of {name} says nothing");
        Identity = new PeerIdentity(who.Node, who.Shard, who.Cluster, room.NextNonce(), RaftAddress, ApiAddress);
        End = null;
        start = ReplicaStart.Open(Disk, Data, who, Room.LogSizes, Room.CoreSizes, room.Random);
        Replica = new Replica(new ReplicaParts
        {
            Identity = Identity, Core = start.Core, Log = start.Log, Submit = start.Log.Submit, Store = start.Store, Snapshots = start.Snapshots,
            SnapshotBytes = start.SnapshotBytes, Transport = new SeatTransport(room, this), Background = this, Time = room.Time, CreateHistoryFile = () => Data.CreateHistory(who.Node), FreeDiskBytes = () => FreeDiskBytes(),
            Logger = NullLogger.Instance, Options = Options, End = how => End = how,
            RememberMute = term => Data.WriteMute(who.Node, term), MuteSinceTerm = Data.ReadMute(who.Node),
        });
        room.Connected(this);
    }

    /// <summary>kill -9: the page cache stays.</summary>
    public void Kill()
    {
        Disk.Kill();
        start!.Store.Dispose();
        start = null;
        HoldsLog = false;
        background.Clear();
        room.Disconnected(this);
    }

    public void Run(Action work) => background.Enqueue(work);

    /// <summary>Does what waits for the disk.</summary>
    /// <returns>True if there was anything.</returns>
    public bool Work()
    {
        bool worked = false;
        while (IsUp && background.TryDequeue(out Action? work))
        {
            work();
            worked = true;
        }

        while (IsUp && !HoldsLog && Log.TryTake(out LogBatch batch))
        {
            Log.Write(batch);
            Durable durable = Log.Sync(batch);
            if (Log.NeedsPreparing) Log.PrepareAhead();
            if (WritesUntilHeld > 0) HoldsLog = --WritesUntilHeld == 0;
            Replica.LogCompleted(durable);
            worked = true;
        }

        return worked;
    }
}
