using System.Buffers.Binary;
using Gache.Primitives;
using Gache.Raft;

namespace Gache.Log;

/// <summary>Reads the fields of a record that passed its checksum; false means that a writer was wrong.</summary>
internal static class RecordBody
{
    public static RecordType TypeOf(ReadOnlySpan<byte> record) => Record.TypeOf(TypeAndLength(record));

    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> record) => record.Slice(Record.HeadSize, Record.BodyLengthOf(TypeAndLength(record)));

    public static bool TryReadBatchHead(ReadOnlySpan<byte> record, out LogPosition syncedUpTo, out ulong lastWrite)
    {
        var reader = new ByteReader(Of(record));
        syncedUpTo = new LogPosition(reader.ReadUInt64(), (long)reader.ReadUInt64());
        lastWrite = reader.ReadUInt64();
        return reader.IsValid;
    }

    /// <summary>Reads an entry whose payload lies in the record; the caller copies it if it is to stay.</summary>
    public static bool TryReadEntry(
        ReadOnlySpan<byte> record, out ulong index, out ulong term, out EntryKind kind, out ReadOnlySpan<byte> payload)
    {
        var reader = new ByteReader(Of(record));
        index = reader.ReadUInt64();
        term = reader.ReadUInt64();
        kind = (EntryKind)reader.ReadByte();
        payload = reader.ReadBytes(reader.Remaining);
        return reader.IsValid && kind is EntryKind.Command or EntryKind.NoOp or EntryKind.Configuration;
    }

    public static bool TryReadHardState(ReadOnlySpan<byte> record, out HardState hardState)
    {
        var reader = new ByteReader(Of(record));
        hardState = ReadHardState(ref reader);
        return reader.IsValid;
    }

    public static bool TryReadTruncation(ReadOnlySpan<byte> record, out ulong firstRemoved)
    {
        var reader = new ByteReader(Of(record));
        firstRemoved = reader.ReadUInt64();
        return reader.IsValid;
    }

    public static bool TryReadSnapshotMark(ReadOnlySpan<byte> record, out SnapshotMark mark, out bool replacesLog)
    {
        var reader = new ByteReader(Of(record));
        replacesLog = reader.ReadBoolean();
        return TryReadMark(ref reader, out mark);
    }

    public static bool TryReadSegmentStart(ReadOnlySpan<byte> record, out SegmentStart start)
    {
        var reader = new ByteReader(Of(record));
        start = new SegmentStart(reader.ReadUInt64(), reader.ReadUInt64(), ReadHardState(ref reader), null);
        if (!reader.ReadBoolean()) return reader.IsValid;
        bool isValid = TryReadMark(ref reader, out SnapshotMark mark);
        start = start with { Mark = mark };
        return isValid;
    }

    private static uint TypeAndLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record[sizeof(uint)..]);

    private static HardState ReadHardState(ref ByteReader reader) => new(reader.ReadUInt64(), new NodeId(reader.ReadUInt128()));

    private static bool TryReadMark(ref ByteReader reader, out SnapshotMark mark)
    {
        ulong index = reader.ReadUInt64();
        ulong term = reader.ReadUInt64();
        bool isValid = Configuration.TryDecode(ref reader, out Configuration configuration) && reader.IsValid;
        mark = new SnapshotMark(index, term, configuration);
        return isValid;
    }
}

/// <summary>What the first record of a segment says: the state that all earlier segments led to.</summary>
internal readonly record struct SegmentStart(ulong LastIndex, ulong LastTerm, HardState HardState, SnapshotMark? Mark);
