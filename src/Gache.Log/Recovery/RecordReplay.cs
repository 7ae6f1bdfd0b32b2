using Gache.Raft;

namespace Gache.Log;

/// <summary>Steps a recovered log by one record after another.</summary>
internal sealed class RecordReplay(RecoveredLog log)
{
    /// <summary>Takes a record that passed its checksum.</summary>
    /// <exception cref="LogDamagedException">It cannot follow what stands before it: something between them is missing.</exception>
    public void Step(Segment segment, long offset, ReadOnlySpan<byte> record)
    {
        LogTail tail = log.Tail;
        log.IsClosed = false;
        switch (RecordBody.TypeOf(record))
        {
            case RecordType.Entry when RecordBody.TryReadEntry(record, out ulong index, out ulong term, out EntryKind kind, out ReadOnlySpan<byte> payload):
                if (!tail.CanAppend(index)) throw Misplaced(segment, offset, $"entry {index} stands after entry {tail.LastIndex}");
                log.Index.StageEntry(index, new LogPosition(segment.Number, offset), segment.BytesBefore + offset);
                tail.Append(index, term);
                if (kind == EntryKind.Configuration) log.Configurations.Add(new Entry(index, term, kind, payload.ToArray()));
                break;

            case RecordType.HardState when RecordBody.TryReadHardState(record, out HardState hardState):
                tail.HardState = hardState;
                break;

            case RecordType.Truncation when RecordBody.TryReadTruncation(record, out ulong firstRemoved):
                if (!tail.CanTruncateFrom(firstRemoved)) throw Misplaced(segment, offset, $"a truncation from {firstRemoved} after entry {tail.LastIndex}");
                tail.TruncateFrom(firstRemoved);
                log.Index.StageTruncation(firstRemoved);
                log.Configurations.RemoveAll(e => e.Index >= firstRemoved);
                break;

            case RecordType.SnapshotMark when RecordBody.TryReadSnapshotMark(record, out SnapshotMark mark, out bool replacesLog):
                if (mark.Index < tail.Mark?.Index) throw Misplaced(segment, offset, $"a snapshot at {mark.Index} after one at {tail.Mark.Index}");
                tail.SetMark(mark, replacesLog);
                if (!replacesLog) break;
                log.Index.StageReplacement();
                log.Configurations.Clear();
                break;

            case RecordType.BatchHead or RecordType.ClosingMark when RecordBody.TryReadBatchHead(record, out LogPosition claimed, out ulong lastWrite):
                if (claimed > new LogPosition(segment.Number, offset)) throw Misplaced(segment, offset, "a batch head claims what comes after it");
                if (claimed > log.SyncedUpTo) log.SyncedUpTo = claimed;
                tail.LastWrite = Math.Max(tail.LastWrite, lastWrite);
                log.IsClosed = RecordBody.TypeOf(record) == RecordType.ClosingMark;
                break;

            default:
                throw Misplaced(segment, offset, $"a record of type {(byte)RecordBody.TypeOf(record)} cannot stand here");
        }
    }

    private static LogDamagedException Misplaced(Segment segment, long offset, string what) => new(segment.File.Path, offset, what);
}
