namespace Gache.Replication;

/// <summary>How sending a snapshot to a follower ended.</summary>
internal enum TransferEnd
{
    /// <summary>The follower has all of it.</summary>
    Whole,

    /// <summary>The follower does not take it: it has no room for it, or found it damaged.</summary>
    Refused,

    /// <summary>No answer came for long, the file is gone, or this node leads no more.</summary>
    GivenUp,
}
