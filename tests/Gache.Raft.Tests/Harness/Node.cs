using Gache.Primitives;

namespace Gache.Raft.Tests;

/// <summary>A snapshot of the simulated state machine: a hash over all that was applied.</summary>
internal sealed record StoredSnapshot(SnapshotMark Mark, ulong StateHash);

/// <summary>A node of the group: its core (null while it is down), its disk, its state machine.</summary>
internal sealed class Node(NodeId id, RaftOptions options, Random random)
{
    public NodeId Id { get; } = id;

    public int Number => (int)(ulong)Id.Value;

    public RaftCore? Core { get; private set; }

    public Disk Disk { get; } = new();

    /// <summary>Rises with each start, so that a node that forgot something cannot pass for the one it was.</summary>
    public int Incarnation { get; private set; }

    public Outputs Outputs { get; } = new();

    /// <summary>Messages that wait for a write (P2).</summary>
    public List<Message> Held { get; } = [];

    public List<Fetch> Fetches { get; } = [];

    /// <summary>Reads that wait: the round, and the highest commit index anywhere when the read was registered.</summary>
    public List<(ulong Round, ulong Floor)> Reads { get; } = [];

    /// <summary>The log keeps its entries from here on at the next snapshot.</summary>
    public ulong KeepFrom { get; set; } = 1;

    public ulong Applied { get; set; }

    public ulong StateHash { get; set; }

    public Dictionary<ulong, StoredSnapshot> Snapshots { get; } = [];

    public StoredSnapshot? LatestSnapshot => Disk.Durable.Snapshot is { } mark ? Snapshots[mark.Index] : null;

    public RaftCore Up => Core ?? throw new InvalidOperationException($"node {Number} is down");

    public void Start()
    {
        Incarnation++;
        CoreStart start = Disk.Durable.ToStart();
        Core = new RaftCore(Id, start, options, random);
        Applied = start.Snapshot?.Index ?? 0;
        StateHash = LatestSnapshot?.StateHash ?? 0;
        KeepFrom = start.BaseIndex + 1;
    }

    public void Crash(int survivingRecords)
    {
        Core = null;
        Disk.Crash(survivingRecords);
        Held.Clear();
        Fetches.Clear();
        Reads.Clear();
    }
}
