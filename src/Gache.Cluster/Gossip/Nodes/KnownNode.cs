using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>All that is known of one node. Times are those of this process' gossip.</summary>
internal sealed class KnownNode(NodeId id)
{
    public NodeId Id => id;

    public ulong Generation { get; set; }

    public ulong Version { get; set; }

    /// <summary>What it says; null once it is forgotten.</summary>
    public NodeRecord? Record { get; set; }

    /// <summary>The same as it came, to be told on with what a later version appended.</summary>
    public byte[] Body { get; set; } = [];

    public LoadRecord? Load { get; set; }

    public ulong LoadVersion { get; set; }

    public ulong Beat { get; set; }

    /// <summary>When the heartbeat rose last, as far as anybody who told of it knew.</summary>
    public TimeSpan RisenAt { get; set; }

    /// <summary>Whether it ever rose here: until then the node may be somebody's invention.</summary>
    public bool HasRisen { get; set; }

    public bool IsAlive { get; set; }

    /// <summary>Since when it is alive or not, by the wall clock; for people.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>Whether it is told on; ends at half of a dead record's life.</summary>
    public bool IsTold { get; set; } = true;

    public HeartbeatWindow Window { get; } = new();

    /// <summary>An operator ended it: what stands here only keeps the record from coming back.</summary>
    public bool IsForgotten => Version == RecordEntry.Forgotten;

    public int SlotRangeCount => Record?.Slots.Count ?? 0;

    public bool IsBelow(ulong generation, ulong version) => (Generation, Version).CompareTo((generation, version)) < 0;
}
