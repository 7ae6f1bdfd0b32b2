using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>The log of one replica on disk: one sequence of records in segments, written and synced in batches (format: DESIGN.md).</summary>
/// <remarks>
/// <see cref="Submit"/> and <see cref="ReleaseBefore"/> are the owner's and never block; <see cref="TryTake"/>, <see cref="Write"/>,
/// <see cref="Sync"/>, <see cref="WriteIdleHead"/> and <see cref="CloseCleanly"/> one writer's; <see cref="PrepareAhead"/> any one
/// thread's at a time; reads anyone's. After the first failure everything throws <see cref="LogFailedException"/> (P3).
/// </remarks>
public sealed class WriteAheadLog : IDisposable
{
    private readonly LogQueue queue;
    private readonly LogTail tail;
    private readonly EntryIndex index;
    private readonly SegmentChain chain;
    private readonly BatchEncoder encoder;
    private readonly EntryReader reader;
    private readonly Stack<LogBatch> pool = new();
    private LogPosition synced;
    private LogPosition provenTo; // the end of the last head that proves all before it
    private Durable lastWritten;
    private SnapshotMark? writtenMark;
    private SnapshotMark? syncedMark;
    private ulong releaseBefore;
    private long bytesAtSnapshot;
    private long bytesWritten;
    private volatile Exception? failure;

    private WriteAheadLog(SegmentFolder folder, RecoveredLog recovered)
    {
        queue = new LogQueue(folder.Options);
        (tail, index) = (recovered.Tail, recovered.Index);
        chain = new SegmentChain(folder, index, recovered.Segments) { Written = recovered.End };
        encoder = new BatchEncoder(tail, index, folder.Options);
        reader = new EntryReader(index, chain);
        synced = recovered.End;
        lastWritten = new Durable(tail.LastWrite, tail.LastIndex, tail.LastTerm);
        writtenMark = syncedMark = tail.Mark;
        bytesWritten = chain.Last.BytesBefore + recovered.End.Offset;
        bytesAtSnapshot = index.BytesBefore((tail.Mark?.Index ?? 0) + 1, bytesWritten);
        chain.Release(0, synced);
    }

    /// <summary>How many bytes the log grew since the entry of the last snapshot, to within 64 KiB: what a restart must apply again.</summary>
    public long BytesSinceSnapshot => Math.Max(0, Volatile.Read(ref bytesWritten) - Volatile.Read(ref bytesAtSnapshot));

    /// <summary>True if <see cref="PrepareAhead"/> has something to do; cheap to ask after every sync.</summary>
    public bool NeedsPreparing => failure is null && chain.NeedsPreparing;

    /// <summary>Whether the segment is there that the log goes on in when the present one is full.</summary>
    public bool HasNextSegment => chain.HasSpare;

    /// <summary>How many entries wait for the writer; a write without entries counts as one.</summary>
    public int EntriesWaiting => queue.EntriesWaiting;

    /// <summary>The first entry that can be read; one above the last if there is none.</summary>
    public ulong FirstIndex => index.FirstIndex;

    /// <summary>The last entry that is written, synced or not.</summary>
    public ulong LastIndex => index.LastIndex;

    /// <summary>Opens a log, or makes an empty one where the folder is missing or empty; repairs an end that was never synced.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="folder">Holds the segments and nothing else of that name; made if it is missing.</param>
    /// <param name="shard">The shard that the log belongs to.</param>
    /// <param name="node">The node that the log belongs to.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="recovered">What the log holds; it is in stable storage, whatever happened before.</param>
    /// <exception cref="LogDamagedException">What had been synced is not there; says file, offset and what can be done. Nothing was changed.</exception>
    /// <exception cref="LogFormatException">The format is unknown. Nothing was changed.</exception>
    /// <exception cref="LogForeignException">The log belongs to another shard or node. Nothing was changed.</exception>
    /// <exception cref="FileFailedException">The disk failed (P3).</exception>
    public static WriteAheadLog Open(
        IFileSystem files, string folder, ShardId shard, NodeId node, LogOptions options, out Recovered recovered)
    {
        options.Validate();
        var segments = new SegmentFolder(files, folder, shard, node, options);
        segments.Prepare();
        RecoveredLog log = new LogRecovery(segments).Read();
        TailRewrite.Run(segments, log);
        if (log.Segments.Count == 0) Begin(segments, log);
        recovered = log.Result();
        return new WriteAheadLog(segments, log);
    }

    /// <summary>Takes a write into the queue.</summary>
    /// <exception cref="LogFailedException">The log failed before.</exception>
    public void Submit(LogWrite write)
    {
        ThrowIfFailed();
        queue.Add(write);
    }

    /// <summary>Takes everything submitted so far, up to the bounds of a batch; false if there is nothing.</summary>
    /// <exception cref="LogFailedException">The log failed before.</exception>
    public bool TryTake(out LogBatch batch)
    {
        ThrowIfFailed();
        batch = pool.Count > 0 ? pool.Pop() : new LogBatch();
        if (queue.TryTake(batch)) return true;
        pool.Push(batch);
        return false;
    }

    /// <summary>Writes a batch with one write into one segment. Its entries can be read from now on; nothing of it is durable yet.</summary>
    /// <exception cref="LogFailedException">The write failed, now or before.</exception>
    public void Write(LogBatch batch)
    {
        ThrowIfFailed();
        try
        {
            Segment segment = BeginRecords(batch.Bytes + Record.BatchHeadSize, out long start);
            encoder.Batch(batch, synced, lastWritten);
            WriteRecords(segment, start);
            index.Publish(tail.LastIndex);
            lastWritten = batch.Durable;
            if (batch.Mark is { } mark && !ReferenceEquals(mark, writtenMark))
                Volatile.Write(ref bytesAtSnapshot, index.BytesBefore(mark.Index + 1, bytesWritten));
            writtenMark = batch.Mark;
        }
        catch (Exception e) when (Fail(e))
        {
            throw LogFailedException.Because(e);
        }
    }

    /// <summary>Syncs a batch that was written, and with it all before it.</summary>
    /// <returns>What is durable now. For a part of a write that is larger than a batch: what was durable before.</returns>
    /// <exception cref="LogFailedException">The sync failed, now or before.</exception>
    public Durable Sync(LogBatch batch)
    {
        ThrowIfFailed();
        try
        {
            Invariant.Holds(batch.End.Segment != 0, "a batch is synced before it is written");
            if (synced < batch.End) SyncUpTo(batch.End);
        }
        catch (Exception e) when (Fail(e))
        {
            throw LogFailedException.Because(e);
        }

        ThrowIfFailed(); // the preparing thread may have met the failure that this sync was not told of
        Volatile.Write(ref syncedMark, batch.Mark);
        ulong held = (batch.Mark?.Index ?? 0) + 1;
        chain.Release(batch.ReplacesLog ? held : Math.Min(Volatile.Read(ref releaseBefore), held), synced);
        Durable durable = batch.Durable;
        batch.Clear();
        pool.Push(batch);
        return durable;
    }

    /// <summary>Reads entries from disk.</summary>
    /// <param name="first">The first entry wanted.</param>
    /// <param name="last">The last entry wanted; fewer are given where the log ends before it.</param>
    /// <param name="maxBytes">Stops before the sum of <see cref="Entry.Weight"/> exceeds this, but not before the first entry.</param>
    /// <param name="into">The entries are added here, with payloads of their own.</param>
    /// <returns>False if the first entry is not (or no more) on disk. Writes that still wait in the queue are not seen.</returns>
    /// <exception cref="LogDamagedException">What was written is not what is read.</exception>
    /// <exception cref="FileFailedException">The disk failed.</exception>
    public bool TryRead(ulong first, ulong last, int maxBytes, List<Entry> into) => reader.TryRead(first, last, maxBytes, into);

    /// <summary>Entries below <paramref name="before"/> are not needed any more; whole segments go when a synced snapshot has what is in them.</summary>
    public void ReleaseBefore(ulong before)
    {
        if (before <= Volatile.Read(ref releaseBefore)) return;
        Volatile.Write(ref releaseBefore, before);
        chain.Release(Math.Min(before, (Volatile.Read(ref syncedMark)?.Index ?? 0) + 1), default);
    }

    /// <summary>Does ahead of time, in any one thread, what a write would otherwise wait for: zeroing, the next segment, deletions.</summary>
    /// <exception cref="LogFailedException">The disk failed, now or before.</exception>
    public void PrepareAhead()
    {
        ThrowIfFailed();
        try
        {
            chain.Prepare();
        }
        catch (Exception e) when (Fail(e))
        {
            throw LogFailedException.Because(e);
        }
    }

    /// <summary>Writes and syncs an empty batch head that proves the last batch, if none does yet (P4).</summary>
    /// <exception cref="LogFailedException">The disk failed, now or before.</exception>
    public void WriteIdleHead()
    {
        ThrowIfFailed();
        if (provenTo == synced || synced < chain.Written) return;
        WriteHead(isClosing: false);
    }

    /// <summary>Writes and syncs the closing mark and closes the files. What still waits in the queue is lost.</summary>
    /// <exception cref="LogFailedException">The disk failed, now or before.</exception>
    public void CloseCleanly()
    {
        ThrowIfFailed();
        WriteHead(isClosing: true);
        Dispose();
    }

    /// <summary>Closes the files as they are, without a closing mark.</summary>
    public void Dispose()
    {
        failure ??= new ObjectDisposedException(nameof(WriteAheadLog), "the log was closed");
        chain.Dispose();
    }

    // The first segment: its state is that of a node that knows nothing.
    private static void Begin(SegmentFolder folder, RecoveredLog log)
    {
        Segment first = folder.Create(1);
        var start = new LogPosition(1, SegmentHead.Size);
        var encoder = new BatchEncoder(log.Tail, log.Index, folder.Options);
        encoder.Begin(first, start.Offset);
        encoder.SegmentStart(start);
        first.File.Write(start.Offset, encoder.Written);
        first.File.Sync();
        log.Segments.Add(first);
        log.End = encoder.End;
    }

    private void WriteHead(bool isClosing)
    {
        try
        {
            if (synced < chain.Written) SyncUpTo(chain.Written);
            Segment segment = BeginRecords(Record.BatchHeadSize, out long start);
            encoder.Head(synced, tail.LastWrite, isClosing);
            WriteRecords(segment, start);
            SyncUpTo(encoder.End);
            provenTo = synced; // a head needs no other head to prove it
        }
        catch (Exception e) when (Fail(e))
        {
            throw LogFailedException.Because(e);
        }
    }

    // Records that do not fit any more begin the next segment; then what is before them is synced first, so that no write spans two files.
    private Segment BeginRecords(int bytes, out long start)
    {
        Segment segment = chain.Last;
        LogPosition end = chain.Written;
        if (end.Offset + bytes <= segment.Size)
        {
            encoder.Begin(segment, start = end.Offset);
            return segment;
        }

        if (synced < end) SyncUpTo(end);
        segment = chain.Next();
        encoder.Begin(segment, start = SegmentHead.Size);
        encoder.SegmentStart(synced);
        return segment;
    }

    private void WriteRecords(Segment segment, long start)
    {
        long end = encoder.End.Offset;
        Invariant.Holds(end <= segment.Size, $"a batch up to {end} in a segment of {segment.Size} bytes");
        chain.ZeroTo(end);
        segment.File.Write(start, encoder.Written);
        chain.Written = encoder.End;
        Volatile.Write(ref bytesWritten, segment.BytesBefore + end);
    }

    private void SyncUpTo(LogPosition end)
    {
        chain.Last.File.Sync();
        synced = end;
    }

    // Remembers what went wrong; true if the disk did.
    private bool Fail(Exception e)
    {
        failure ??= e;
        return e is FileFailedException;
    }

    private void ThrowIfFailed()
    {
        if (failure is { } cause) throw LogFailedException.Because(cause);
    }
}
