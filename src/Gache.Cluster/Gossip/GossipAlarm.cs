namespace Gache.Cluster;

/// <summary>What an operator should know.</summary>
public enum GossipAlarmKind
{
    /// <summary>Another live process uses this node's id: a copied data folder, or one started twice.</summary>
    AnotherInstance,

    /// <summary>A node of another cluster was met; nothing of it was taken.</summary>
    AnotherCluster,

    /// <summary>A new generation could not be saved, and was not taken.</summary>
    GenerationNotSaved,
}

/// <summary>Something that gossip cannot mend by itself; each kind is said at most once a minute.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Detail">The same in words, with the ids.</param>
public sealed record GossipAlarm(GossipAlarmKind Kind, string Detail);
