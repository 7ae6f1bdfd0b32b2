using Gache.Raft;

namespace Gache.Log;

/// <summary>What goes to disk with one write and one sync. The log lends it from <see cref="WriteAheadLog.TryTake"/> to <see cref="WriteAheadLog.Sync"/>.</summary>
public sealed class LogBatch
{
    internal LogBatch()
    {
    }

    /// <summary>How many entries are in it.</summary>
    public int Entries { get; private set; }

    /// <summary>The most bytes that its records can take.</summary>
    internal int Bytes { get; private set; }

    internal List<LogBatchPart> Parts { get; } = [];

    /// <summary>Where the batch ends; no segment before it is written.</summary>
    internal LogPosition End { get; set; }

    /// <summary>What is durable once it is synced; what was before it if no write ends in this batch.</summary>
    internal Durable Durable { get; set; }

    /// <summary>The mark in force after the batch.</summary>
    internal SnapshotMark? Mark { get; set; }

    /// <summary>Whether a snapshot in it replaces the log.</summary>
    internal bool ReplacesLog { get; set; }

    internal void Add(LogBatchPart part, int bytes)
    {
        Parts.Add(part);
        Entries += part.Count;
        Bytes += bytes;
    }

    internal void Clear()
    {
        Parts.Clear();
        (Entries, Bytes, End, ReplacesLog, Mark) = (0, 0, default, false, null);
    }
}

/// <summary>A write, or (if it is too large for a batch) some of its entries.</summary>
/// <param name="Write">The write.</param>
/// <param name="First">The first of its entries that belongs to this part.</param>
/// <param name="Count">How many do.</param>
/// <param name="IsFirst">Whether hard state and snapshot belong to this part.</param>
/// <param name="IsLast">Whether the write ends with this part.</param>
internal readonly record struct LogBatchPart(LogWrite Write, int First, int Count, bool IsFirst, bool IsLast);
