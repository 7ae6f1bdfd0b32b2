using Gache.Primitives;

namespace Gache.Log;

/// <summary>One file of the log, open. It is closed when it is retired and nobody reads it any more.</summary>
internal sealed class Segment(IFile file, SegmentHead head, long zeroedTo)
{
    private readonly Lock gate = new();
    private long zeroed = zeroedTo;
    private int readers;
    private bool isRetired;

    public IFile File => file;

    public ulong Number => head.Number;

    public int Size => head.SegmentSize;

    public uint RecordSeed { get; } = head.RecordSeed();

    /// <summary>Up to here the file is zero-filled (or written) and synced; nothing of a batch may stand behind it.</summary>
    public long ZeroedTo
    {
        get => Volatile.Read(ref zeroed);
        set => Volatile.Write(ref zeroed, value);
    }

    /// <summary>The bytes of all records in earlier segments, counted since the log was opened.</summary>
    public long BytesBefore { get; set; }

    public bool TryBeginReading()
    {
        lock (gate)
        {
            if (isRetired) return false;
            readers++;
            return true;
        }
    }

    public void EndReading()
    {
        lock (gate)
        {
            readers--;
            Invariant.Holds(readers >= 0, "a reader of a segment ended twice");
            if (isRetired && readers == 0) file.Dispose();
        }
    }

    /// <summary>Closes the file now, or when its last reader is done.</summary>
    public void Retire()
    {
        lock (gate)
        {
            if (isRetired) return;
            isRetired = true;
            if (readers == 0) file.Dispose();
        }
    }
}
