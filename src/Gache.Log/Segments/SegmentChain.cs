namespace Gache.Log;

/// <summary>The segments that the log stands in, and what is done to them off the way of a write: zeroing ahead, the next segment, deletion.</summary>
/// <remarks>The writer and one preparing thread use it at once; readers borrow segments from it.</remarks>
internal sealed class SegmentChain(SegmentFolder folder, EntryIndex index, IEnumerable<Segment> segments) : IDisposable
{
    private const int SpareTries = 16; // in what is left of a segment: half as many

    private readonly Lock preparing = new(); // held while files are prepared or deleted; the writer takes it only when it ran ahead
    private readonly Lock gate = new(); // guards the list, held for a few instructions
    private readonly List<Segment> chain = [.. segments];
    private Segment? spare;
    private long spareAfter; // the disk was full when it was to be made: tried again from this offset on
    private LogPosition written;
    private LogPosition synced;
    private ulong releasedBefore;
    private ulong judgedBefore; // the release and the segment that DeletableUpTo was last worked out for
    private ulong judgedSegment;
    private ulong deletableUpTo; // the number of the last segment that may go

    /// <summary>The segment that is written to.</summary>
    public Segment Last
    {
        get
        {
            lock (gate) return chain[^1];
        }
    }

    /// <summary>Where the writer stands.</summary>
    public LogPosition Written
    {
        get
        {
            lock (gate) return written;
        }

        set
        {
            lock (gate) written = value;
        }
    }

    /// <summary>Whether the next segment is made.</summary>
    public bool HasSpare
    {
        get
        {
            lock (gate) return spare is not null;
        }
    }

    /// <summary>True if <see cref="Prepare"/> has something to do.</summary>
    public bool NeedsPreparing
    {
        get
        {
            lock (gate)
            {
                Segment last = chain[^1];
                return last.ZeroedTo < Math.Min(last.Size, written.Offset + (folder.Options.ZeroAhead / 2)) || WantsSpare || chain[0].Number <= deletableUpTo;
            }
        }
    }

    // A spare is made when half of the segment is used: early enough, and a young node takes no more than one segment.
    private bool WantsSpare => spare is null && written.Offset > Math.Max(chain[^1].Size / 2, spareAfter);

    /// <summary>Entries below this index may go: a synced snapshot holds them. Everything up to the position is synced.</summary>
    public void Release(ulong before, LogPosition syncedUpTo)
    {
        lock (gate)
        {
            releasedBefore = Math.Max(releasedBefore, before);
            if (syncedUpTo > synced) synced = syncedUpTo;
            if (synced >= written) JudgeDeletable();
        }
    }

    /// <summary>Borrows a segment for reading; null if it is gone.</summary>
    public Segment? BeginReading(ulong number)
    {
        lock (gate)
        {
            foreach (Segment segment in chain)
            {
                if (segment.Number == number) return segment.TryBeginReading() ? segment : null;
            }

            return null;
        }
    }

    /// <summary>Zeroes ahead, makes the next segment, deletes what was released; in steps, so that a writer that needs one waits for little.</summary>
    public void Prepare()
    {
        while (TryZeroStep())
        {
        }

        lock (preparing)
        {
            DeleteReleased(); // first: the next segment may need the room
            bool wantsSpare;
            lock (gate) wantsSpare = WantsSpare;
            if (wantsSpare) TryMakeSpare();
        }
    }

    /// <summary>Makes sure that the last segment is zeroed up to here; normally it was long ago.</summary>
    public void ZeroTo(long end)
    {
        Segment last = Last;
        if (last.ZeroedTo >= end) return;
        lock (preparing) Zero(last.File, last, Math.Min(last.Size, end + ZeroFill.StepBytes));
    }

    /// <summary>Goes on to the next segment; the caller has synced the last one.</summary>
    public Segment Next()
    {
        lock (preparing)
        {
            if (spare is null) MakeSpare();
            lock (gate)
            {
                Segment next = spare!;
                spare = null;
                next.BytesBefore = chain[^1].BytesBefore + written.Offset;
                chain.Add(next);
                written = new LogPosition(next.Number, SegmentHead.Size);
                return next;
            }
        }
    }

    public void Dispose()
    {
        lock (preparing)
        {
            foreach (Segment segment in chain) segment.Retire();
            spare?.Retire();
        }
    }

    private bool TryZeroStep()
    {
        lock (preparing)
        {
            Segment last = Last;
            long wanted = Math.Min(last.Size, Written.Offset + folder.Options.ZeroAhead);
            if (last.ZeroedTo >= wanted) return false;
            // A failed write-back is told once to each open file: on the writer's own, this sync could swallow what its next one must hear.
            using IFile file = folder.OpenAnother(last);
            Zero(file, last, Math.Min(last.ZeroedTo + ZeroFill.StepBytes, last.Size));
            return true;
        }
    }

    private static void Zero(IFile file, Segment segment, long to)
    {
        if (segment.ZeroedTo >= to) return;
        ZeroFill.Write(file, segment.ZeroedTo, to);
        file.Sync();
        segment.ZeroedTo = to;
    }

    private void MakeSpare()
    {
        Segment made = folder.Create(Last.Number + 1);
        lock (gate) (spare, spareAfter) = (made, 0);
    }

    /// <summary>On a full disk nothing is lost by not having it yet: there is room in the present segment, and what is deleted meanwhile may make more.</summary>
    private void TryMakeSpare()
    {
        try
        {
            MakeSpare();
        }
        catch (FileFailedException e) when (e is { Operation: FileOperation.Create, IsDiskFull: true })
        {
            lock (gate) spareAfter = written.Offset + (chain[^1].Size / SpareTries);
        }
    }

    // Only while all that is written is synced: the index may else know of a truncation that a crash takes back, and with it the need for
    // what stands before. What the next segment begins with is synced if any later position is.
    private void JudgeDeletable()
    {
        if ((releasedBefore, synced.Segment) == (judgedBefore, judgedSegment)) return;
        (judgedBefore, judgedSegment) = (releasedBefore, synced.Segment);
        foreach (Segment segment in chain)
        {
            if (segment.Number >= synced.Segment || index.FirstBehind(segment.Number) > releasedBefore) return;
            deletableUpTo = segment.Number;
        }
    }

    private void DeleteReleased()
    {
        while (true)
        {
            Segment oldest;
            lock (gate)
            {
                oldest = chain[0];
                if (oldest.Number > deletableUpTo) return;
                chain.RemoveAt(0);
                index.ForgetUpTo(oldest.Number);
            }

            oldest.Retire();
            folder.Delete(oldest.Number);
        }
    }
}
