using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gache.Cluster.Tests.Founding;

/// <summary>A shard of one replica on a disk in memory, in one thread; it leads.</summary>
internal sealed class LoneReplica : ITransport, IBackground
{
    private static readonly LogOptions LogSizes = new()
    {
        SegmentSize = 48 << 10, ZeroAhead = 8 << 10, MaxBatchBytes = 16 << 10, MaxEntryBytes = 8 << 10, MaxConfigurationBytes = 8 << 10, MaxBatchEntries = 64,
    };

    private readonly ReplicaStart start;

    /// <summary>Founds it; all of one first command are of one shard.</summary>
    /// <param name="firstCommand">The first command of its log.</param>
    /// <param name="node">Who it is; none: the same always.</param>
    /// <param name="maxStoreBytes">The bound on its memory.</param>
    /// <param name="handOver">Runs what a step leaves to others; null: at once.</param>
    /// <param name="shard">Of which shard; none: the same always.</param>
    public LoneReplica(byte[]? firstCommand = null, NodeId node = default, long maxStoreBytes = 1L << 30, Action<Action>? handOver = null, ShardId shard = default)
    {
        var random = new Random(1);
        var disk = new SimulatedFileSystem(random);
        var data = new DataFolder(disk, "/data");
        var first = NodeId.New(random);
        var same = ShardId.New(random);
        var who = new FolderIdentity(node.IsNone ? first : node, shard.IsNone ? same : shard, ClusterId.New(random));
        var alone = new Configuration([new Member(who.Node, "raft:1", "api:1")], [who.Node]);
        ReplicaStart.Found(disk, data, who, alone, firstCommand, LogSizes, random);
        start = ReplicaStart.Open(disk, data, who, LogSizes, new RaftOptions(), random);
        Replica = new Replica(new ReplicaParts
        {
            Identity = new PeerIdentity(who.Node, who.Shard, who.Cluster, 1, "raft:1", "api:1"), Core = start.Core, Log = start.Log, Submit = start.Log.Submit,
            Store = start.Store, Snapshots = start.Snapshots, SnapshotBytes = start.SnapshotBytes, Transport = this, Background = this, Time = TimeProvider.System, FreeDiskBytes = () => long.MaxValue / 2,
            Logger = NullLogger.Instance, Options = new ReplicaOptions { MaxStoreBytes = maxStoreBytes }, HandOver = handOver ?? (static run => run()), End = how => throw new InvalidOperationException(how.Detail),
        });
        for (int tick = 0; tick < 1_000 && !(start.Core.Role == Role.Leader && start.Core.HasCommittedInTerm); tick++)
        {
            Replica.Tick();
            Work();
        }

        for (int tick = 0; tick < 20; tick++) Replica.Tick(); // so that its status is told
    }

    public Replica Replica { get; }

    /// <summary>Does what waits for the disk.</summary>
    public void Work()
    {
        while (start.Log.TryTake(out LogBatch batch))
        {
            start.Log.Write(batch);
            Replica.LogCompleted(start.Log.Sync(batch));
        }
    }

    public void Run(Action work) => work();

    public void Send(PeerMessage message)
    {
        // There is nobody else.
    }

    public void SetPeers(IReadOnlyCollection<PeerAddress> peers)
    {
        // Likewise.
    }

    public void SetIdentity(PeerIdentity identity)
    {
        // It stays who it is.
    }

    public Task<PeerIdentity?> ProbeAsync(string raftAddress) => Task.FromResult<PeerIdentity?>(null);

    public void Dispose()
    {
        // Nothing is held.
    }
}
