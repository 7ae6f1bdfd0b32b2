using Gache.Primitives;
using Gache.Store;

namespace Gache.Replication;

/// <summary>What one look into a history gave.</summary>
public sealed class HistoryAnswer
{
    /// <summary>The history that was looked into.</summary>
    public required HistoryId Id { get; init; }

    /// <summary>Up to where the history was looked through, in bytes since its beginning; less than its end if <see cref="IsAtEnd"/> is false.</summary>
    public required long Offset { get; init; }

    /// <summary>The reader's places as they were, cut into pieces, with what became of each.</summary>
    public required IReadOnlyList<HistoryPiece> Pieces { get; init; }

    /// <summary>The changes, in order, as <see cref="WatchedChange.TryTake"/> reads them.</summary>
    public required ReadOnlyMemory<byte> Changes { get; init; }

    /// <summary>Whether everything was read that there is.</summary>
    public required bool IsAtEnd { get; init; }
}

/// <summary>One change on its way to a watcher.</summary>
public readonly ref struct WatchedChange
{
    /// <summary>What became of the key.</summary>
    public KeyChangeKind Kind { get; private init; }

    /// <summary>The key's slot.</summary>
    public int Slot { get; private init; }

    /// <summary>The change's revision.</summary>
    public ulong Revision { get; private init; }

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>The new value; empty where the key is gone.</summary>
    public ReadOnlySpan<byte> Value { get; private init; }

    /// <summary>Takes the first change off.</summary>
    /// <returns>False if the bytes are none.</returns>
    public static bool TryTake(ref ReadOnlyMemory<byte> changes, out WatchedChange change)
    {
        var reader = new ByteReader(changes.Span);
        var kind = (KeyChangeKind)reader.ReadByte();
        int slot = reader.ReadUInt16();
        ulong revision = reader.ReadUInt64();
        int keyLength = reader.ReadUInt16();
        uint valueLength = reader.ReadUInt32();
        ReadOnlySpan<byte> key = reader.ReadBytes(keyLength);
        ReadOnlySpan<byte> value = valueLength <= StoreLimits.MaxValueBytes ? reader.ReadBytes((int)valueLength) : default;
        change = new WatchedChange { Kind = kind, Slot = slot, Revision = revision, Key = key, Value = value };
        bool isOne = reader.IsValid && kind is KeyChangeKind.Put or KeyChangeKind.Delete or KeyChangeKind.Expire && slot < Gache.Store.Slot.Count
            && valueLength <= StoreLimits.MaxValueBytes;
        if (isOne) changes = changes[^reader.Remaining..];
        return isOne;
    }

    internal static void Write(ByteWriter writer, in HistoryRecord record)
    {
        writer.WriteByte(record.Kind);
        writer.WriteUInt16((ushort)record.Slot);
        writer.WriteUInt64(record.Revision);
        writer.WriteUInt16((ushort)record.Key.Length);
        writer.WriteUInt32((uint)record.Value.Length);
        writer.WriteBytes(record.Key);
        writer.WriteBytes(record.Value);
    }
}

/// <summary>Reads what a watcher has not seen out of a history.</summary>
public static class HistoryReader
{
    /// <summary>The most that is looked through at once, in bytes: a third of a millisecond.</summary>
    public const int MaxLookedBytes = 1 << 20;

    /// <summary>Says what the history can do, and reads nothing.</summary>
    public static HistoryAnswer Probe(ChangeHistory history, IReadOnlyList<SlotPlace> places)
    {
        ArgumentNullException.ThrowIfNull(history);
        HistoryLook look = history.Look();
        return Answer(look, look.Coverage.Match(places, look.Chunks.Trimmed), default, look.End, isAtEnd: false);
    }

    /// <summary>Reads the changes that follow.</summary>
    /// <param name="history">The history.</param>
    /// <param name="filter">Which keys are wanted.</param>
    /// <param name="places">What the reader has seen of the slots that such keys can be in; in order, without overlap.</param>
    /// <param name="maxBytes">How many bytes of changes are wanted at most; one may exceed it.</param>
    public static HistoryAnswer Read(ChangeHistory history, WatchFilter filter, IReadOnlyList<SlotPlace> places, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(filter);
        while (true)
        {
            HistoryLook look = history.Look();
            List<HistoryPiece> pieces = look.Coverage.Match(places, look.Chunks.Trimmed);
            ulong from = ulong.MaxValue;
            foreach (HistoryPiece piece in pieces)
            {
                if (piece.IsRead) from = Math.Min(from, piece.From);
            }

            if (from >= look.Top)
            {
                for (int i = 0; i < pieces.Count; i++) pieces[i] = Advance(pieces[i], look.Top);
                return Answer(look, pieces, default, look.End, isAtEnd: true);
            }

            if (TryScan(look, filter, pieces, from, maxBytes) is { } answer) return answer;
        }
    }

    /// <summary>Looks through the chunks; null if they went while it began.</summary>
    private static HistoryAnswer? TryScan(in HistoryLook look, WatchFilter filter, List<HistoryPiece> pieces, ulong from, int maxBytes)
    {
        HistoryChunk[] list = look.Chunks.List;
        int first = 0;
        while (first + 1 < list.Length && list[first + 1].Before <= from) first++;
        ByteWriter? found = null;
        ulong reached = from;
        long offset = look.End;
        int looked = 0;
        bool isCut = false;
        for (int i = first; i < list.Length && !isCut; i++)
        {
            HistoryChunk chunk = list[i];
            if (!chunk.TryLease(out HistoryLease lease))
            {
                if (i == first) return null;
                (isCut, offset) = (true, chunk.Start);
                break;
            }

            try
            {
                int length = chunk.Length;
                for (int at = 0; at < length;)
                {
                    HistoryRecord record = lease.At(at);
                    if (chunk.Start + at >= look.End) break;
                    if (record.Revision > from && record.Kind != HistoryChunk.SlotMark)
                    {
                        bool isWanted = filter.Includes(record.Slot) && filter.Matches(record.Key) && IsNew(pieces, record);
                        bool isFull = looked > MaxLookedBytes || (isWanted && found is not null && found.Length + record.Bytes > maxBytes);
                        if (isFull)
                        {
                            (isCut, offset) = (true, chunk.Start + at);
                            break;
                        }

                        if (isWanted) WatchedChange.Write(found ??= new ByteWriter(Math.Min(4_096, record.Bytes + 256)), record);
                        reached = record.Revision;
                        looked += record.Bytes;
                    }

                    at += record.Bytes;
                }
            }
            finally
            {
                lease.Dispose();
            }
        }

        if (!isCut) reached = look.Top;
        for (int i = 0; i < pieces.Count; i++) pieces[i] = Advance(pieces[i], reached);
        return Answer(look, pieces, found?.WrittenMemory ?? default, offset, !isCut);
    }

    private static bool IsNew(List<HistoryPiece> pieces, in HistoryRecord record)
    {
        (int low, int high) = (0, pieces.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) / 2;
            HistoryPiece piece = pieces[middle];
            if (record.Slot < piece.First) high = middle - 1;
            else if (record.Slot > piece.Last) low = middle + 1;
            else return piece.IsRead && record.Epoch == piece.Epoch && record.Revision > piece.From;
        }

        return false;
    }

    private static HistoryPiece Advance(in HistoryPiece piece, ulong reached) => piece.Fate switch
    {
        PieceFate.Over when Math.Max(piece.From, reached) >= piece.End => piece with { EpochAfter = piece.Next, RevisionAfter = 0 },
        PieceFate.Served or PieceFate.Over when reached >= piece.From => piece with { RevisionAfter = Math.Max(piece.Revision, reached) },
        _ => piece,
    };

    private static HistoryAnswer Answer(in HistoryLook look, List<HistoryPiece> pieces, ReadOnlyMemory<byte> changes, long offset, bool isAtEnd) => new()
    {
        Id = look.Id, Offset = offset, Pieces = pieces, Changes = changes, IsAtEnd = isAtEnd,
    };
}
