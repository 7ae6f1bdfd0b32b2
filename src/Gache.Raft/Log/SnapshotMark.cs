namespace Gache.Raft;

/// <summary>Where a snapshot stands in the log, and what the configuration was there (thesis §5.1).</summary>
/// <param name="Index">The last entry that the snapshot holds.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="Configuration">The configuration in force at that entry.</param>
public sealed record SnapshotMark(ulong Index, ulong Term, Configuration Configuration);
