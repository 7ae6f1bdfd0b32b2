namespace Gache.Log;

/// <summary>Reads a log from its first segment to its last whole record and tells an end that was never synced from damage (P4).</summary>
internal sealed class LogRecovery(SegmentFolder folder)
{
    private const int WindowBytes = 1 << 20;

    private readonly RecoveredLog log = new();

    /// <summary>Reads the log without changing it.</summary>
    /// <exception cref="LogDamagedException">What had been synced is not there.</exception>
    /// <exception cref="LogFormatException">A segment has an unknown format.</exception>
    /// <exception cref="LogForeignException">A segment belongs to another shard or node.</exception>
    public RecoveredLog Read()
    {
        List<ulong> numbers = folder.Numbers();
        for (int i = 1; i < numbers.Count; i++)
        {
            if (numbers[i] != numbers[i - 1] + 1)
                throw new LogDamagedException(folder.PathOf(numbers[i - 1] + 1), 0, $"the file is missing, and {numbers[i]} has what came after it");
        }

        try
        {
            foreach (ulong number in numbers) log.Unused.Add(folder.Open(number));
            if (log.Unused.Count > 0) ReadSegments();
            return log;
        }
        catch
        {
            foreach (Segment segment in log.Segments.Concat(log.Unused)) segment.Retire();
            throw;
        }
    }

    private void ReadSegments()
    {
        log.End = log.SyncedUpTo = new LogPosition(log.Unused[0].Number, SegmentHead.Size);
        while (log.Unused.Count > 0 && TryReadSegment(log.Unused[0]))
        {
            log.Segments.Add(log.Unused[0]);
            log.Unused.RemoveAt(0);
        }

        log.Index.Publish(log.Tail.LastIndex);
        JudgeTail();
        if (log.Segments.Count == 0 && log.Unused[0].Number > 1)
            throw new LogDamagedException(log.Unused[0].File.Path, SegmentHead.Size, "the log's first segment does not begin with its state");
        ulong snapshot = log.Tail.Mark?.Index ?? 0;
        if (log.Segments.Count > 0 && log.Index.FirstIndex > snapshot + 1)
        {
            throw new LogDamagedException(
                log.Segments[0].File.Path, SegmentHead.Size,
                $"an earlier segment is missing: the first entry is {log.Index.FirstIndex}, and the snapshot ends at {snapshot}");
        }
    }

    // False if the segment does not go on where the log ended so far.
    private bool TryReadSegment(Segment segment)
    {
        using var reader = new RecordReader(segment, WindowBytes);
        var replay = new RecordReplay(log);
        long offset = SegmentHead.Size;
        if (!TryReadStart(segment, reader, ref offset)) return false;
        while (reader.TryRead(offset, out ReadOnlySpan<byte> record))
        {
            replay.Step(segment, offset, record);
            offset += record.Length;
        }

        log.End = new LogPosition(segment.Number, offset);
        return true;
    }

    // Batch head and segment start count only together: a start that was torn had nothing behind it.
    private bool TryReadStart(Segment segment, RecordReader reader, ref long offset)
    {
        if (!reader.TryRead(offset, out ReadOnlySpan<byte> head) || RecordBody.TypeOf(head) != RecordType.BatchHead) return false;
        if (!RecordBody.TryReadBatchHead(head, out LogPosition syncedUpTo, out ulong lastWrite)) return false;
        bool isFirst = log.Segments.Count == 0;
        if (!isFirst && syncedUpTo < log.End)
            throw new LogDamagedException(log.Segments[^1].File.Path, syncedUpTo.Offset, "records stand where the next segment says that this one had ended");
        if (!isFirst && syncedUpTo != log.End) return false;
        int headSize = head.Length;
        if (!reader.TryRead(offset + headSize, out ReadOnlySpan<byte> record) || RecordBody.TypeOf(record) != RecordType.SegmentStart) return false;
        if (!RecordBody.TryReadSegmentStart(record, out SegmentStart start)) return false;
        LogTail tail = log.Tail;
        if (isFirst) tail.Begin(start.LastIndex, start.LastTerm, start.HardState, start.Mark);
        else if ((start.LastIndex, start.LastTerm, start.HardState, start.Mark?.Index) != (tail.LastIndex, tail.LastTerm, tail.HardState, tail.Mark?.Index))
            throw new LogDamagedException(segment.File.Path, offset, "the segment begins with another state than the one before it ends with");
        segment.BytesBefore = isFirst ? 0 : log.Segments[^1].BytesBefore + log.End.Offset;
        if (!isFirst && syncedUpTo > log.SyncedUpTo) log.SyncedUpTo = syncedUpTo;
        tail.LastWrite = Math.Max(tail.LastWrite, lastWrite);
        log.IsClosed = false;
        offset += headSize + record.Length;
        return true;
    }

    // Everything from the log's end on was never synced, or is damage: a whole batch head anywhere behind may know.
    private void JudgeTail()
    {
        LogPosition proven = log.SyncedUpTo;
        foreach (Segment segment in log.Segments.TakeLast(1).Concat(log.Unused))
        {
            long from = segment.Number == log.End.Segment ? log.End.Offset : SegmentHead.Size;
            long end = LaterHeads.Scan(segment, from, ref proven);
            if (end > from) log.Cut ??= new CutTail(segment.File.Path, from, end - from);
        }

        if (proven > log.End) throw Damaged(proven);
        log.SyncedUpTo = proven;
    }

    private LogDamagedException Damaged(LogPosition proven)
    {
        Segment place = log.Segments.Count > 0 ? log.Segments[^1] : log.Unused[0];
        long offset = log.End.Offset;

        // The segment may be whole to its end, and the next one's begin be what is broken.
        if (proven.Segment > place.Number && log.Cut?.File != place.File.Path && log.Unused.Count > 0 && !BeginsWhole(log.Unused[0]))
            (place, offset) = (log.Unused[0], SegmentHead.Size);
        return new LogDamagedException(
            place.File.Path, offset,
            $"no whole record stands here, and a later write says that the log was synced up to segment {proven.Segment}, offset {proven.Offset}");
    }

    private static bool BeginsWhole(Segment segment)
    {
        using var reader = new RecordReader(segment, WindowBytes);
        return reader.TryRead(SegmentHead.Size, out ReadOnlySpan<byte> head) && reader.TryRead(SegmentHead.Size + head.Length, out _);
    }
}
