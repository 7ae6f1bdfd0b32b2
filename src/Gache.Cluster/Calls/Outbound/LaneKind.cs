namespace Gache.Cluster.Calls.Outbound;

/// <summary>What a connection is for.</summary>
internal enum LaneKind
{
    /// <summary>Small calls that are answered soon, as gossip's.</summary>
    Control,

    /// <summary>Calls whose bodies may be large.</summary>
    Bulk,

    /// <summary>Calls that may wait minutes for their answer: they take places at the receiver that the others must not miss.</summary>
    Waiting,
}
