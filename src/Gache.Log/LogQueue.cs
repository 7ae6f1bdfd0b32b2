using Gache.Raft;

namespace Gache.Log;

/// <summary>Writes that wait for the writer, in the order of their submission. The core bounds them (uncommitted bytes), not this queue.</summary>
internal sealed class LogQueue(LogOptions options)
{
    private readonly Lock gate = new();
    private readonly Queue<LogWrite> writes = new();
    private int entriesTaken; // of the first write, where it is larger than a batch
    private bool isFirstBegun;
    private int entriesWaiting;

    public bool IsEmpty
    {
        get
        {
            lock (gate) return writes.Count == 0;
        }
    }

    /// <summary>How many entries wait; a write without entries counts as one.</summary>
    public int EntriesWaiting => Volatile.Read(ref entriesWaiting);

    public void Add(LogWrite write)
    {
        lock (gate)
        {
            writes.Enqueue(write);
            entriesWaiting += Math.Max(1, write.Entries.Length);
        }
    }

    /// <summary>Moves everything that waits into the batch, up to its bounds.</summary>
    public bool TryTake(LogBatch batch)
    {
        lock (gate)
        {
            while (writes.TryPeek(out LogWrite? write))
            {
                if (!TryTakeFrom(write, batch)) break;
                writes.Dequeue();
                (entriesTaken, isFirstBegun) = (0, false);
            }

            if (writes.Count == 0) entriesWaiting = 0;
            return batch.Parts.Count > 0;
        }
    }

    // True if the write was taken to its end.
    private bool TryTakeFrom(LogWrite write, LogBatch batch)
    {
        int bytes = isFirstBegun ? 0 : PrefixBytes(write);
        if (!Fits(batch, bytes, 0)) return false;
        ReadOnlySpan<Entry> entries = write.Entries.Span;
        int first = entriesTaken;
        int count = 0;
        while (first + count < entries.Length)
        {
            // The first part of a write may have to truncate; counting it for each part keeps the sum simple.
            int more = Record.EntrySize(entries[first + count].Payload.Length) + (count == 0 ? Record.TruncationSize : 0);
            if (!Fits(batch, bytes + more, count + 1) && !(batch.Parts.Count == 0 && bytes == 0)) break;
            bytes += more;
            count++;
        }

        bool isLast = first + count == entries.Length;
        if (!isLast && count == 0 && (isFirstBegun || bytes == 0)) return false;
        batch.Add(new LogBatchPart(write, first, count, IsFirst: !isFirstBegun, isLast), bytes);
        entriesTaken += count;
        entriesWaiting -= Math.Max(isLast ? 1 : 0, count);
        isFirstBegun = true;
        return isLast;
    }

    private bool Fits(LogBatch batch, int bytes, int entries) =>
        (batch.Bytes + bytes <= options.MaxBatchBytes && batch.Entries + entries <= options.MaxBatchEntries)
        || (batch.Parts.Count == 0 && entries == 0);

    private int PrefixBytes(LogWrite write) =>
        (write.HardState is null ? 0 : Record.HardStateSize)
        + (write.Snapshot is null ? 0 : Record.SizeWithBody(Record.EntryBodyWithoutPayload + options.MaxConfigurationBytes));
}
