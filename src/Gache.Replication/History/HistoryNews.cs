using Gache.Primitives;
using Gache.Store;

namespace Gache.Replication;

/// <summary>Which keys changed and which slots changed hands between two places of a history: for whoever must only know whom to wake.</summary>
public sealed class HistoryNews
{
    /// <summary>The bound on the keys of one of these, in bytes; one key always fits.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The history that it is of.</summary>
    public required HistoryId Id { get; init; }

    /// <summary>Up to where it goes, in bytes since the history's beginning.</summary>
    public required long Offset { get; init; }

    /// <summary>The last revision up to there.</summary>
    public required ulong Top { get; init; }

    /// <summary>As in <see cref="ChangeHistory.Aged"/>.</summary>
    public required ulong Aged { get; init; }

    /// <summary>Whether what happened before cannot be told one by one: anything may have changed.</summary>
    public required bool IsAnything { get; init; }

    /// <summary>Whether there is more to be told at once.</summary>
    public required bool IsMore { get; init; }

    /// <summary>Slot (2 bytes), length of the key (2) and key, one after the other; without a key the slot changed hands.</summary>
    public required ReadOnlyMemory<byte> Keys { get; init; }

    /// <summary>Tells what came after a place.</summary>
    /// <param name="history">The history.</param>
    /// <param name="known">The history that the place is in.</param>
    /// <param name="offset">The place.</param>
    public static HistoryNews After(ChangeHistory history, HistoryId known, long offset)
    {
        ArgumentNullException.ThrowIfNull(history);
        while (true)
        {
            HistoryLook look = history.Look();
            HistoryChunk[] list = look.Chunks.List;
            bool isKnown = known == look.Id && offset <= look.End && (offset == look.End || (list.Length > 0 && offset >= list[0].Start));
            if (!isKnown) return News(look, history, look.End, look.Top, isAnything: true, isMore: false, default);
            if (offset == look.End) return News(look, history, offset, look.Top, isAnything: false, isMore: false, default);
            if (TryCollect(look, history, offset) is { } news) return news;
        }
    }

    /// <summary>Takes the first key off.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> keys, out int slot, out ReadOnlySpan<byte> key)
    {
        var reader = new ByteReader(keys);
        slot = reader.ReadUInt16();
        key = reader.ReadBytes(reader.ReadUInt16());
        if (!reader.IsValid || slot >= Slot.Count) return false;
        keys = keys[^reader.Remaining..];
        return true;
    }

    private static HistoryNews? TryCollect(in HistoryLook look, ChangeHistory history, long offset)
    {
        HistoryChunk[] list = look.Chunks.List;
        int first = 0;
        while (first + 1 < list.Length && list[first + 1].Start <= offset) first++;
        var keys = new ByteWriter(256);
        ulong top = 0;
        long reached = offset;
        for (int i = first; i < list.Length; i++)
        {
            HistoryChunk chunk = list[i];
            if (chunk.Start > reached) return News(look, history, look.End, look.Top, isAnything: true, isMore: false, default); // what lay between was too large to keep
            if (!chunk.TryLease(out HistoryLease lease)) return i == first ? null : News(look, history, reached, top, isAnything: false, isMore: true, keys.WrittenMemory);
            try
            {
                for (int at = (int)(reached - chunk.Start); at < chunk.Length && reached < look.End;)
                {
                    HistoryRecord record = lease.At(at);
                    if (keys.Length > 0 && keys.Length + 4 + record.Key.Length > MaxBytes) return News(look, history, reached, top, isAnything: false, isMore: true, keys.WrittenMemory);
                    keys.WriteUInt16((ushort)record.Slot);
                    keys.WriteUInt16((ushort)record.Key.Length);
                    keys.WriteBytes(record.Key);
                    top = record.Revision;
                    at += record.Bytes;
                    reached += record.Bytes;
                }
            }
            finally
            {
                lease.Dispose();
            }
        }

        return reached < look.End
            ? News(look, history, look.End, look.Top, isAnything: true, isMore: false, default)
            : News(look, history, reached, look.Top, isAnything: false, isMore: false, keys.WrittenMemory);
    }

    private static HistoryNews News(in HistoryLook look, ChangeHistory history, long offset, ulong top, bool isAnything, bool isMore, ReadOnlyMemory<byte> keys) => new()
    {
        Id = look.Id, Offset = offset, Top = top, Aged = history.Aged, IsAnything = isAnything, IsMore = isMore, Keys = keys,
    };
}
