using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>Turns a batch into the records for its place in a segment, steps the tail with them, and stages where the entries will stand.</summary>
internal sealed class BatchEncoder(LogTail tail, EntryIndex index, LogOptions options)
{
    private readonly RecordWriter writer = new();
    private Segment segment = null!; // set by Begin, before anything else

    public ReadOnlySpan<byte> Written => writer.Written;

    public LogPosition End => new(segment.Number, writer.Offset);

    public void Begin(Segment target, long offset)
    {
        segment = target;
        writer.Begin(target.RecordSeed, offset);
    }

    /// <summary>The first batch head of a segment and the state it begins with.</summary>
    public void SegmentStart(LogPosition syncedUpTo)
    {
        writer.WriteBatchHead(syncedUpTo, tail.LastWrite);
        writer.WriteSegmentStart(tail.LastIndex, tail.LastTerm, tail.HardState, tail.Mark);
    }

    public void Head(LogPosition syncedUpTo, ulong lastWrite, bool isClosing = false) => writer.WriteBatchHead(syncedUpTo, lastWrite, isClosing);

    public void Batch(LogBatch batch, LogPosition syncedUpTo, Durable before)
    {
        batch.Durable = before;
        writer.WriteBatchHead(syncedUpTo, batch.Parts[^1].Write.Number);
        foreach (LogBatchPart part in batch.Parts)
        {
            if (part.IsFirst) Prefix(part.Write, batch);
            Entries(part);
            Invariant.Holds(part.Write.Number >= tail.LastWrite, $"write {part.Write.Number} after {tail.LastWrite}");
            tail.LastWrite = part.Write.Number;
            if (part.IsLast) batch.Durable = new Durable(part.Write.Number, tail.LastIndex, tail.LastTerm);
        }

        batch.Mark = tail.Mark;
        batch.End = End;
    }

    private void Prefix(LogWrite write, LogBatch batch)
    {
        if (write.HardState is { } hardState)
        {
            Invariant.Holds(hardState.Term >= tail.HardState.Term, $"term {hardState.Term} after {tail.HardState.Term}");
            writer.WriteHardState(hardState);
            tail.HardState = hardState;
        }

        if (write.Snapshot is not { } mark) return;
        bool replacesLog = tail.IsReplacedBy(mark);
        long before = writer.Offset;
        writer.WriteSnapshotMark(mark, replacesLog);
        Invariant.Holds(
            writer.Offset - before <= Record.SizeWithBody(Record.EntryBodyWithoutPayload + options.MaxConfigurationBytes),
            $"a configuration above {options.MaxConfigurationBytes} bytes");
        if (replacesLog) index.StageReplacement();
        tail.SetMark(mark, replacesLog);
        batch.ReplacesLog |= replacesLog;
    }

    private void Entries(LogBatchPart part)
    {
        if (part.Count == 0) return;
        ReadOnlySpan<Entry> entries = part.Write.Entries.Span.Slice(part.First, part.Count);
        if (part.First == 0 && entries[0].Index <= tail.LastIndex)
        {
            tail.TruncateFrom(entries[0].Index);
            writer.WriteTruncation(entries[0].Index);
            index.StageTruncation(entries[0].Index);
        }

        foreach (ref readonly Entry entry in entries)
        {
            Invariant.Holds(entry.Payload.Length <= options.MaxEntryBytes, $"an entry of {entry.Payload.Length} bytes");
            index.StageEntry(entry.Index, End, segment.BytesBefore + writer.Offset);
            tail.Append(entry.Index, entry.Term);
            writer.WriteEntry(entry);
        }
    }
}
