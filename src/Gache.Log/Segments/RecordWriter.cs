using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>Encodes records one after another for the place in a segment where they will stand.</summary>
internal sealed class RecordWriter
{
    private const int KeptBufferBytes = 1 << 20;

    private readonly ByteWriter bytes = new(64 << 10);
    private uint segmentSeed;
    private long start;
    private int recordStart;
    private RecordType recordType;

    /// <summary>Where the next record will stand.</summary>
    public long Offset => start + bytes.Length;

    /// <summary>All records since <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Written => bytes.Written;

    public void Begin(uint seed, long offset)
    {
        segmentSeed = seed;
        start = offset;
        bytes.ClearAndTrim(KeptBufferBytes);
    }

    public void WriteBatchHead(LogPosition syncedUpTo, ulong lastWrite, bool isClosing = false)
    {
        BeginRecord(isClosing ? RecordType.ClosingMark : RecordType.BatchHead);
        bytes.WriteUInt64(syncedUpTo.Segment);
        bytes.WriteUInt64((ulong)syncedUpTo.Offset);
        bytes.WriteUInt64(lastWrite);
        EndRecord();
    }

    public void WriteSegmentStart(ulong lastIndex, ulong lastTerm, HardState hardState, SnapshotMark? mark)
    {
        BeginRecord(RecordType.SegmentStart);
        bytes.WriteUInt64(lastIndex);
        bytes.WriteUInt64(lastTerm);
        bytes.WriteUInt64(hardState.Term);
        bytes.WriteUInt128(hardState.Vote.Value);
        bytes.WriteBoolean(mark is not null);
        if (mark is not null) WriteMark(mark);
        EndRecord();
    }

    public void WriteEntry(in Entry entry)
    {
        BeginRecord(RecordType.Entry);
        bytes.WriteUInt64(entry.Index);
        bytes.WriteUInt64(entry.Term);
        bytes.WriteByte((byte)entry.Kind);
        bytes.WriteBytes(entry.Payload.Span);
        EndRecord();
    }

    public void WriteHardState(HardState hardState)
    {
        BeginRecord(RecordType.HardState);
        bytes.WriteUInt64(hardState.Term);
        bytes.WriteUInt128(hardState.Vote.Value);
        EndRecord();
    }

    public void WriteSnapshotMark(SnapshotMark mark, bool replacesLog)
    {
        BeginRecord(RecordType.SnapshotMark);
        bytes.WriteBoolean(replacesLog);
        WriteMark(mark);
        EndRecord();
    }

    public void WriteTruncation(ulong firstRemoved)
    {
        BeginRecord(RecordType.Truncation);
        bytes.WriteUInt64(firstRemoved);
        EndRecord();
    }

    private void WriteMark(SnapshotMark mark)
    {
        bytes.WriteUInt64(mark.Index);
        bytes.WriteUInt64(mark.Term);
        mark.Configuration.EncodeTo(bytes);
    }

    private void BeginRecord(RecordType type)
    {
        recordStart = bytes.Length;
        recordType = type;
        bytes.WriteUInt64(0); // checksum, type and length: known at the end
    }

    private void EndRecord()
    {
        int body = bytes.Length - recordStart - Record.HeadSize;
        Invariant.Holds(body <= Record.MaxBodyLength, $"a record of {body} bytes");
        bytes.PatchUInt32(recordStart + sizeof(uint), Record.TypeAndLength(recordType, body));
        while (bytes.Length % Record.Alignment != 0) bytes.WriteByte(0);
        bytes.PatchUInt32(recordStart, Record.Checksum(segmentSeed, start + recordStart, bytes.Written[recordStart..]));
    }
}
