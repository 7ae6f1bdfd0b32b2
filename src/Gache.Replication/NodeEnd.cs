namespace Gache.Replication;

/// <summary>Why a node must stop by itself.</summary>
public enum NodeEndReason
{
    /// <summary>A write or sync failed (P3). Exit code 74.</summary>
    DiskFailed,

    /// <summary>The log or snapshot is damaged. Exit code 65.</summary>
    Damaged,

    /// <summary>An invariant is broken, or this replica's state differs from a majority's (P5). Exit code 70.</summary>
    Broken,

    /// <summary>The data folder cannot be used, or belongs to another shard. Exit code 73.</summary>
    FolderNotUsable,

    /// <summary>An address cannot be listened on. Exit code 69.</summary>
    AddressNotUsable,

    /// <summary>What was asked for cannot be: another shard holds the slots. Exit code 64.</summary>
    Misconfigured,

    /// <summary>Not an end: this member lost data and was removed; it goes on empty as a new one (P7).</summary>
    Rejoin,
}

/// <summary>A node's end, in words for a person.</summary>
/// <param name="Reason">Which kind.</param>
/// <param name="Detail">What happened, and what to do.</param>
public sealed record NodeEnd(NodeEndReason Reason, string Detail)
{
    /// <summary>With <see cref="NodeEndReason.Rejoin"/>: where to ask.</summary>
    public IReadOnlyList<string> ApiAddresses { get; init; } = [];
}
