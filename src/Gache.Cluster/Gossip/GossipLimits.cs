namespace Gache.Cluster;

/// <summary>Bounds of what gossip holds, sends and believes. They are checked before anything is allocated.</summary>
public static class GossipLimits
{
    /// <summary>How many nodes are known at once, and how many peers are kept on disk.</summary>
    public const int MaxNodes = 1_024;

    /// <summary>The largest message that is looked at; above a frame's bound, as one record of 16,384 single slots does not fit into that.</summary>
    public const int MaxMessageBytes = 256 * 1024;

    /// <summary>How many bytes of records one message carries; what is left goes with the next exchange. One record always goes.</summary>
    public const int MaxFrameBytes = 64 * 1024;

    /// <summary>The longest advertised address: a DNS name of 253 bytes, a colon and a port.</summary>
    public const int MaxAddressBytes = 259;

    /// <summary>How many slot ranges all records together hold: sixteen replicas that each own every slot alone.</summary>
    public const int MaxSlotRangesHeld = 16 * Store.Slot.Count;

    /// <summary>Generations, versions and heartbeats stay below this, so that no sum of two can overflow.</summary>
    public const ulong MaxCounter = 1UL << 56;
}
