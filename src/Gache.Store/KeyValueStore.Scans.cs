using System.Runtime.CompilerServices;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Many keys at once: pages of them, and deletions by prefix.</summary>
public sealed partial class KeyValueStore
{
    /// <summary>Reads the next keys: at most about 2 ms of work. It ends before a slot that is not served here.</summary>
    public ScanPage Scan(ScanQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var keys = new List<ScannedKey>();
        int bytes = 0;
        int slotsLeft = ScanQuery.MaxSlotsOfPage;
        int passedLeft = ScanQuery.MaxPassedKeys;
        int slot = query.From.Slot;
        ReadOnlyMemory<byte> after = query.From.After;
        for (; slot <= query.LastSlot; slot++, after = default)
        {
            if (!ownership.IsServed(slot) && !Planted.Is(PlantedFault.ScanOfForeignSlots)) return new ScanPage(keys, ScanEnd.NotServed, new ScanPosition(slot, after));
            if (table.Blocks.IsEmpty(slot)) continue;
            if (slotsLeft-- == 0) return new ScanPage(keys, ScanEnd.Bound, new ScanPosition(slot, after));

            var cursor = default(BlockCursor);
            ReadOnlyMemory<byte> last = after;
            for (SeekNext(ref cursor, slot, query.Prefix.Span, after.Span); !cursor.IsAtEnd && cursor.Record.Key.StartsWith(query.Prefix.Span); cursor.MoveNext())
            {
                Record record = cursor.Record;
                if (record.Expires && IsOver(slot, record))
                {
                    if (passedLeft-- == 0) return new ScanPage(keys, ScanEnd.Bound, new ScanPosition(slot, last));
                    last = record.Key.ToArray();
                    continue;
                }

                if (keys.Count == query.MaxKeys || (bytes >= query.MaxBytes && keys.Count > 0)) return new ScanPage(keys, ScanEnd.Bound, new ScanPosition(slot, last));
                last = record.Key.ToArray();
                ReadOnlyMemory<byte>? value = query.WithValues ? new ReadOnlyMemory<byte>(record.Value.ToArray()) : default(ReadOnlyMemory<byte>?);
                keys.Add(new ScannedKey(last, record.Revision, value));
                bytes += last.Length + (value?.Length ?? 0);
            }
        }

        return new ScanPage(keys, ScanEnd.Complete, new ScanPosition(slot, default));
    }

    /// <summary>Goes to the first key of a slot that has the prefix and stands behind another one.</summary>
    private void SeekNext(ref BlockCursor cursor, int slot, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> after)
    {
        if (!after.IsEmpty && after.SequenceCompareTo(prefix) >= 0) cursor.SeekBehind(table.Blocks, slot, after);
        else cursor.SeekFrom(table.Blocks, slot, prefix);
    }

    private ApplyResult ApplyDeleteRange(in CommandView view)
    {
        DeleteRangeCommand? command = DeleteRangeCommand.Parse(view.Value);
        Invariant.Holds(command is not null, $"entry {AppliedIndex} is no deletion of a range");
        if (!ownership.IsServed(command.From.Slot)) return new ApplyResult(ApplyStatus.NotServed, Revision, false);

        (ScanEnd end, ScanPosition next, int deleted) = DeleteRange(command);
        return new ApplyResult(ApplyStatus.Done, Revision, false, deleted, DeleteRangeCommand.EncodeAnswer(end, next));
    }

    [SkipLocalsInit]
    private (ScanEnd End, ScanPosition Next, int Deleted) DeleteRange(DeleteRangeCommand command)
    {
        Span<byte> after = stackalloc byte[StoreLimits.MaxKeyBytes]; // the last key that was seen in the slot
        int slotsLeft = command.MaxSlots;
        int left = command.MaxKeys; // what is over counts, too: it is work as well
        int deleted = 0;
        int slot = command.From.Slot;
        int afterLength = command.From.After.Length;
        command.From.After.Span.CopyTo(after);
        for (; slot <= command.LastSlot; slot++, afterLength = 0)
        {
            if (!ownership.IsServed(slot)) return (ScanEnd.NotServed, new ScanPosition(slot, default), deleted);
            if (table.Blocks.IsEmpty(slot)) continue;
            if (slotsLeft-- == 0) return (ScanEnd.Bound, new ScanPosition(slot, default), deleted);

            var cursor = default(BlockCursor);
            while (true)
            {
                SeekNext(ref cursor, slot, command.Prefix.Span, after[..afterLength]);
                if (cursor.IsAtEnd || !cursor.Record.Key.StartsWith(command.Prefix.Span)) break;
                if (left-- == 0)
                {
                    if (table.Dues.Version != scheduledVersion) ScheduleChanged(slot);
                    return (ScanEnd.Bound, new ScanPosition(slot, after[..afterLength].ToArray()), deleted);
                }

                Record record = cursor.Record;
                bool isOver = record.Expires && IsOver(slot, record);
                afterLength = record.Key.Length;
                record.Key.CopyTo(after);
                if (isOver)
                {
                    Expire(slot, after[..afterLength]);
                    continue;
                }

                Write(slot, new CommandView(CommandKind.Delete, 0, after[..afterLength], default));
                deleted++;
            }

            if (table.Dues.Version != scheduledVersion) ScheduleChanged(slot);
        }

        return (ScanEnd.Complete, new ScanPosition(slot, default), deleted);
    }
}
