using Gache.Raft;

namespace Gache.Log;

/// <summary>One thing the core wants in stable storage: applied in this order, all of it or (after a crash) a prefix of the records.</summary>
public sealed class LogWrite
{
    /// <summary>The core's number for this write; rises by one with each. Reported back in <see cref="Durable"/>.</summary>
    public required ulong Number { get; init; }

    /// <summary>The hard state, if it changed.</summary>
    public HardState? HardState { get; init; }

    /// <summary>
    /// A snapshot that is already on disk (file and folder synced) and now counts. If the log has its index with its term, the entries after it stay
    /// and earlier ones may be deleted; else the whole log is replaced and goes on after it.
    /// </summary>
    public SnapshotMark? Snapshot { get; init; }

    /// <summary>Consecutive entries. If the first one's index is not above the last index, the log is truncated there first.</summary>
    public ReadOnlyMemory<Entry> Entries { get; init; }
}

/// <summary>"Write <paramref name="Write"/> and all before it are in stable storage."</summary>
/// <param name="Write">The highest <see cref="LogWrite.Number"/> that is synced.</param>
/// <param name="LastIndex">The last index of the log as that write left it.</param>
/// <param name="LastTerm">The term there. The core decides whether that still counts.</param>
public readonly record struct Durable(ulong Write, ulong LastIndex, ulong LastTerm);
