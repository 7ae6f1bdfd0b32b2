namespace Gache.Cluster;

/// <summary>What gossip did since the process began; written by its owner, read by anybody a little late.</summary>
public sealed class GossipCounters
{
    /// <summary>Exchanges begun.</summary>
    public long Exchanges { get; internal set; }

    /// <summary>Pushes sent.</summary>
    public long Pushes { get; internal set; }

    /// <summary>Calls that were not answered.</summary>
    public long Failures { get; internal set; }

    /// <summary>Messages that no node of this version and cluster would send.</summary>
    public long Ignored { get; internal set; }

    /// <summary>Bytes of the bodies sent, questions and answers.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>Bytes of the bodies received, questions and answers.</summary>
    public long BytesReceived { get; internal set; }
}
