using Gache.Cluster;
using Gache.Log;
using Gache.Raft;
using Gache.Replication;

namespace Gache.Simulation;

/// <summary>The bounds of a simulated node: so small that ten minutes see segments turn over, snapshots sent, caches run out.</summary>
internal static class NodeSizes
{
    /// <summary>The log's.</summary>
    public static LogOptions Log { get; } = new()
    {
        SegmentSize = 48 << 10,
        ZeroAhead = 8 << 10,
        MaxBatchBytes = 16 << 10,
        MaxEntryBytes = 8 << 10,
        MaxConfigurationBytes = 4 << 10,
        MaxBatchEntries = 64,
    };

    /// <summary>The core's.</summary>
    public static RaftOptions Core { get; } = new()
    {
        MaxEntriesPerMessage = 16,
        MaxBytesPerMessage = 8 << 10,
        MaxInflightMessages = 8,
        MaxInflightBytes = 32 << 10,
        MaxUncommittedBytes = 64 << 10,
        MaxCacheBytes = 16 << 10,
    };

    /// <summary>Of slot moves: a slot takes several chunks, and several slices to delete.</summary>
    public static MoveOptions Moves { get; } = new() { SlotsAtOnce = 3, ChunkBytes = 64, RecordsASlice = 2, LongCall = TimeSpan.FromSeconds(20) };

    /// <summary>The replica's.</summary>
    public static ReplicaOptions Replica { get; } = new()
    {
        SnapshotAfterBytes = 48 << 10,
        KeptBeforeSnapshotBytes = 8 << 10,
        ReservedDiskBytes = 0,
        ChecksumEvery = 64,
        HistoryBytes = 192 << 10,
    };
}
