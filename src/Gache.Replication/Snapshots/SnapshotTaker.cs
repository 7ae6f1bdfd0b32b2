using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using FileHead = Gache.Log.SnapshotHead;

namespace Gache.Replication;

/// <summary>Takes a snapshot of the own store while it goes on: the step fills chunks, the background writes them.</summary>
/// <remarks>
/// At its own pace: taken as fast as the disk goes, it would hold up writes for as long as it lasts, which wait for the same disk and processors.
/// It gets a share of each tick and more where more is written, so that log and kept old records do not outgrow it.
/// </remarks>
internal sealed class SnapshotTaker(SnapshotFolder folder, IBackground background, Action<Action> post)
{
    private const int MaxQueuedChunks = 4;

    /// <summary>What one tick (10 ms) allows at least: 25 MiB a second.</summary>
    private const long LeastBytesATick = 256 * 1024;

    /// <summary>Ticks in which a large one is to be through: while it lasts, old records and log entries are kept for it.</summary>
    private const long MostTicks = 500;

    /// <summary>What each byte applied allows: a snapshot ends long before the log behind it is as long again.</summary>
    private const long BytesAByteApplied = 4;

    /// <summary>So many ticks' worth is saved up while the disk is busy.</summary>
    private const long MostTicksSaved = 4;

    private readonly Stack<byte[]> buffers = new();
    private SnapshotCapture? capture;
    private SnapshotMark? mark;
    private SnapshotWriter? writer; // touched by the background only
    private int queuedChunks;
    private bool isFinishing;
    private bool wasOvertaken; // the last one was given up as too much changed before its turn
    private long bytesATick;
    private long allowed; // bytes that may be filled now; below zero after a chunk that was longer

    /// <summary>The last snapshot's size in bytes.</summary>
    public long LastSizeBytes { get; set; }

    /// <summary>Of the one under way, what was handed to the disk so far; in bytes.</summary>
    public long FilledBytes { get; private set; }

    /// <summary>True while one is being taken.</summary>
    public bool IsBusy => mark is not null;

    /// <summary>Too much changed before its turn: the leader proposes nothing until the disk has caught up (design: Store).</summary>
    public bool IsFull => capture is { IsFull: true };

    /// <summary>Told when a snapshot is whole and synced.</summary>
    public Action<SnapshotMark, long>? Taken { get; set; }

    /// <summary>Told when a snapshot was given up, and why.</summary>
    public Action<ulong, string>? GivenUp { get; set; }

    /// <summary>Begins a snapshot of the state as it is, and lets older ones go that the log can do without.</summary>
    /// <param name="store">The state.</param>
    /// <param name="at">Its place in the log.</param>
    /// <param name="markedIndex">The snapshot that a start would go on from.</param>
    /// <param name="expectedBytes">How long it will be, about.</param>
    public void Begin(KeyValueStore store, SnapshotMark at, ulong markedIndex, long expectedBytes)
    {
        mark = at;
        isFinishing = false;
        bytesATick = Math.Max(LeastBytesATick, expectedBytes / MostTicks);
        allowed = 0;
        SnapshotCapture begun = capture = store.BeginSnapshot();
        var head = new FileHead(folder.Shard, at, begun.Head.FeatureLevel, begun.Head.Checksum, begun.Head.StoreTimeMilliseconds);
        var stateHead = new ByteWriter();
        begun.Head.WriteTo(stateHead);
        Queue(() =>
        {
            folder.DeleteOld(markedIndex);
            writer = folder.Write(head);
            for (ReadOnlySpan<byte> rest = stateHead.Written; !rest.IsEmpty;)
            {
                int length = Math.Min(rest.Length, SnapshotWriter.MaxChunkBytes);
                writer.Append(rest[..length]);
                rest = rest[length..];
            }
        });
    }

    /// <summary>So many ticks (of 10 ms) passed.</summary>
    public void Tick(int passed)
    {
        if (mark is not null) allowed = Math.Max(allowed, Math.Min(allowed + (passed * bytesATick), bytesATick * MostTicksSaved));
    }

    /// <summary>An entry was applied.</summary>
    public void Applied(int bytes)
    {
        if (mark is not null) allowed += bytes * BytesAByteApplied; // however busy the disk is: the log grows by as much
    }

    /// <summary>Hands the next chunks to the background, as far as it has room; called in every step.</summary>
    /// <param name="isLeader">A leader waits where too much changed; others give up.</param>
    /// <param name="isUrgent">As fast as the disk goes: it makes room.</param>
    /// <returns>How many bytes these are.</returns>
    public long Pump(bool isLeader, bool isUrgent)
    {
        if (mark is null || isFinishing) return 0;
        long before = FilledBytes;
        if (capture is { IsComplete: false } unfinished)
        {
            if (unfinished.IsFull && !isLeader) unfinished.Abandon(); // apply never waits; a follower begins again later
            if (unfinished.IsAbandoned)
            {
                wasOvertaken = true;
                GiveUp("too much changed before it was written");
                return 0;
            }

            while (queuedChunks < MaxQueuedChunks && !unfinished.IsComplete && (allowed > 0 || isUrgent || wasOvertaken || unfinished.IsFilling))
            {
                byte[] buffer = buffers.TryPop(out byte[]? free) ? free : new byte[SnapshotCapture.ChunkBytes];
                int length = unfinished.Fill(buffer);
                if (length == 0)
                {
                    buffers.Push(buffer);
                    break;
                }

                FilledBytes += length;
                if (allowed > 0) allowed -= length; // what could not wait is no debt, for which it would rest later
                QueueChunk(buffer, length);
            }
        }

        if (capture is { IsComplete: true } && queuedChunks == 0) Finish();
        return FilledBytes - before;
    }

    /// <summary>Gives up what is under way.</summary>
    /// <param name="why">Told to <see cref="GivenUp"/>.</param>
    public void Abandon(string why)
    {
        if (mark is not null && !isFinishing) GiveUp(why);
    }

    private void QueueChunk(byte[] buffer, int length) => Queue(() => writer!.Append(buffer.AsSpan(0, length)), buffer);

    private void Queue(Action work, byte[]? buffer = null)
    {
        SnapshotMark current = mark!;
        queuedChunks++;
        background.Run(() =>
        {
            Exception? failure = Try(work);
            post(() =>
            {
                queuedChunks--;
                if (buffer is not null) buffers.Push(buffer);
                if (failure is not null && ReferenceEquals(mark, current)) GiveUp(failure.Message);
            });
        });
    }

    private void Finish()
    {
        isFinishing = true;
        SnapshotMark finished = mark!;
        background.Run(() =>
        {
            long length = 0;
            Exception? failure = Try(() =>
            {
                writer!.Finish();
                length = writer.Length;
                writer = null;
            });
            post(() =>
            {
                isFinishing = false;
                if (failure is not null)
                {
                    GiveUp(failure.Message);
                    return;
                }

                (mark, capture, FilledBytes) = (null, null, 0);
                wasOvertaken = false;
                LastSizeBytes = length;
                Taken?.Invoke(finished, length);
            });
        });
    }

    private void GiveUp(string why)
    {
        ulong index = mark!.Index;
        capture?.Abandon();
        (mark, capture, FilledBytes) = (null, null, 0);
        background.Run(() =>
        {
            Try(() => writer?.Abandon());
            writer = null;
        });
        GivenUp?.Invoke(index, why);
    }

    private static Exception? Try(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
