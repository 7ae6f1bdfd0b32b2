using Gache.Primitives;
using Gache.Replication;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>What nodes ask each other about a shard's changes.</summary>
/// <remarks>
/// Each question begins with the shard's id, each answer with a byte: <see cref="Good"/>, or <see cref="NotNow"/> with nothing behind it. All is
/// little-endian; places are runs of slots (gap before, slots less one, epoch, revision, each a varint).
/// </remarks>
internal static class WatchWire
{
    public const byte Good = 1;
    public const byte NotNow = 2;

    /// <summary>The most pieces that are believed in an answer.</summary>
    private const int MaxPieces = 2 * Slot.Count;

    public static readonly byte[] NotNowAnswer = [NotNow];

    /// <summary>"From which place on would a watcher that begins now miss nothing of these slots?"</summary>
    public static byte[] AskPoint(ShardId shard, int first, int last)
    {
        var writer = new ByteWriter(32);
        writer.WriteUInt128(shard.Value);
        writer.WriteUInt16((ushort)first);
        writer.WriteUInt16((ushort)last);
        return writer.Written.ToArray();
    }

    public static bool TryReadPoint(ReadOnlySpan<byte> body, out ShardId shard, out int first, out int last)
    {
        var reader = new ByteReader(body);
        shard = new ShardId(reader.ReadUInt128());
        (first, last) = (reader.ReadUInt16(), reader.ReadUInt16());
        return reader.IsValid && first <= last && last < Slot.Count;
    }

    public static byte[] AnswerPoint(IEnumerable<SlotPlace> places)
    {
        var writer = new ByteWriter(64);
        writer.WriteByte(Good);
        WriteRuns(writer, places);
        return writer.Written.ToArray();
    }

    public static List<SlotPlace>? PointOf(in CallResult result)
    {
        if (!IsGood(result)) return null;
        var reader = new ByteReader(result.Body.Span[1..]);
        var places = new List<SlotPlace>();
        return TryReadRuns(ref reader, places) ? places : null;
    }

    /// <summary>"What came after these places?" With 0 bytes wanted: "could you tell?"</summary>
    public static byte[] AskRead(ShardId shard, WatchFilter filter, IEnumerable<SlotPlace> places, int maxBytes)
    {
        var writer = new ByteWriter(128);
        writer.WriteUInt128(shard.Value);
        writer.WriteBoolean(filter.IsPrefix);
        writer.WriteUInt16((ushort)filter.Bytes.Length);
        writer.WriteBytes(filter.Bytes.Span);
        writer.WriteUInt32((uint)maxBytes);
        WriteRuns(writer, places);
        return writer.Written.ToArray();
    }

    public static bool TryReadRead(ReadOnlySpan<byte> body, out ShardId shard, out WatchFilter filter, out List<SlotPlace> places, out int maxBytes)
    {
        var reader = new ByteReader(body);
        shard = new ShardId(reader.ReadUInt128());
        bool isPrefix = reader.ReadBoolean();
        ReadOnlySpan<byte> key = reader.ReadBytes(reader.ReadUInt16());
        maxBytes = (int)Math.Min(reader.ReadUInt32(), WatchBounds.MaxInFlightBytes);
        filter = isPrefix ? WatchFilter.OfPrefix(key) : WatchFilter.OfKey(key);
        places = [];
        return reader.IsValid && TryReadRuns(ref reader, places);
    }

    public static byte[] AnswerRead(HistoryAnswer answer)
    {
        var writer = new ByteWriter(128 + answer.Changes.Length);
        writer.WriteByte(Good);
        Write(writer, answer.Id);
        writer.WriteUInt64((ulong)answer.Offset);
        writer.WriteBoolean(answer.IsAtEnd);
        HistoryPiece[] told = [.. answer.Pieces.Where(piece => piece.Fate != PieceFate.Unknown)];
        writer.WriteUInt16((ushort)told.Length);
        foreach (HistoryPiece piece in told)
        {
            writer.WriteUInt16((ushort)piece.First);
            writer.WriteUInt16((ushort)piece.Last);
            writer.WriteByte((byte)piece.Fate);
            writer.WriteVarUInt64(piece.Epoch);
            writer.WriteVarUInt64(piece.Revision);
            writer.WriteVarUInt64(piece.EpochAfter);
            writer.WriteVarUInt64(piece.RevisionAfter);
        }

        writer.WriteBytes(answer.Changes.Span);
        return writer.Written.ToArray();
    }

    public static HistoryAnswer? ReadOf(in CallResult result)
    {
        if (!IsGood(result)) return null;
        var reader = new ByteReader(result.Body.Span[1..]);
        HistoryId id = ReadId(ref reader);
        ulong offset = reader.ReadUInt64();
        bool isAtEnd = reader.ReadBoolean();
        int count = reader.ReadUInt16();
        if (count > MaxPieces) return null;
        var pieces = new List<HistoryPiece>();
        int next = 0;
        for (int i = 0; i < count; i++)
        {
            (int first, int last) = (reader.ReadUInt16(), reader.ReadUInt16());
            var fate = (PieceFate)reader.ReadByte();
            var piece = new HistoryPiece(first, last, reader.ReadVarUInt64(), reader.ReadVarUInt64(), fate, reader.ReadVarUInt64(), reader.ReadVarUInt64());
            if (!reader.IsValid || first < next || last < first || last >= Slot.Count || fate > PieceFate.Passed) return null;
            pieces.Add(piece);
            next = last + 1;
        }

        return reader.IsValid && offset <= long.MaxValue
            ? new HistoryAnswer { Id = id, Offset = (long)offset, IsAtEnd = isAtEnd, Pieces = pieces, Changes = result.Body[^reader.Remaining..] }
            : null;
    }

    /// <summary>"What happened after this place? I wait."</summary>
    public static byte[] AskNews(ShardId shard, HistoryId known, long offset)
    {
        var writer = new ByteWriter(64);
        writer.WriteUInt128(shard.Value);
        Write(writer, known);
        writer.WriteUInt64((ulong)offset);
        return writer.Written.ToArray();
    }

    public static bool TryReadNews(ReadOnlySpan<byte> body, out ShardId shard, out HistoryId known, out long offset)
    {
        var reader = new ByteReader(body);
        shard = new ShardId(reader.ReadUInt128());
        known = ReadId(ref reader);
        offset = (long)reader.ReadUInt64();
        return reader.IsValid && offset >= 0;
    }

    public static byte[] AnswerNews(HistoryNews news)
    {
        var writer = new ByteWriter(64 + news.Keys.Length);
        writer.WriteByte(Good);
        Write(writer, news.Id);
        writer.WriteUInt64((ulong)news.Offset);
        writer.WriteUInt64(news.Top);
        writer.WriteUInt64(news.Aged);
        writer.WriteBoolean(news.IsAnything);
        writer.WriteBoolean(news.IsMore);
        writer.WriteBytes(news.Keys.Span);
        return writer.Written.ToArray();
    }

    public static HistoryNews? NewsOf(in CallResult result)
    {
        if (!IsGood(result)) return null;
        var reader = new ByteReader(result.Body.Span[1..]);
        HistoryId id = ReadId(ref reader);
        (ulong offset, ulong top, ulong aged) = (reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64());
        (bool isAnything, bool isMore) = (reader.ReadBoolean(), reader.ReadBoolean());
        return reader.IsValid && offset <= long.MaxValue
            ? new HistoryNews { Id = id, Offset = (long)offset, Top = top, Aged = aged, IsAnything = isAnything, IsMore = isMore, Keys = result.Body[^reader.Remaining..] }
            : null;
    }

    private static bool TryReadRuns(ref ByteReader reader, List<SlotPlace> places)
    {
        int next = 0;
        while (reader.Remaining > 0)
        {
            ulong gap = reader.ReadVarUInt64();
            ulong more = reader.ReadVarUInt64();
            (ulong epoch, ulong revision) = (reader.ReadVarUInt64(), reader.ReadVarUInt64());
            if (!reader.IsValid || gap >= Slot.Count || more >= Slot.Count || next + (int)gap + (int)more >= Slot.Count) return false;
            int first = next + (int)gap;
            places.Add(new SlotPlace(first, first + (int)more, epoch, revision));
            next = first + (int)more + 1;
        }

        return reader.IsValid;
    }

    private static void WriteRuns(ByteWriter writer, IEnumerable<SlotPlace> places)
    {
        SlotPlace? run = null;
        int next = 0;
        foreach (SlotPlace place in places)
        {
            if (run is { } before && before.Last + 1 == place.First && (before.Epoch, before.Revision) == (place.Epoch, place.Revision))
            {
                run = before with { Last = place.Last };
                continue;
            }

            WriteRun();
            run = place;
        }

        WriteRun();

        void WriteRun()
        {
            if (run is not { } one) return;
            writer.WriteVarUInt64((ulong)(one.First - next));
            writer.WriteVarUInt64((ulong)(one.Last - one.First));
            writer.WriteVarUInt64(one.Epoch);
            writer.WriteVarUInt64(one.Revision);
            next = one.Last + 1;
        }
    }

    private static bool IsGood(in CallResult result) => result is { Outcome: CallOutcome.Answered, Body.Length: > 0 } && result.Body.Span[0] == Good;

    private static void Write(ByteWriter writer, in HistoryId id)
    {
        writer.WriteUInt128(id.Node.Value);
        writer.WriteUInt64(id.ProcessNonce);
        writer.WriteUInt32(id.Resets);
    }

    private static HistoryId ReadId(ref ByteReader reader) => new(new NodeId(reader.ReadUInt128()), reader.ReadUInt64(), reader.ReadUInt32());
}
