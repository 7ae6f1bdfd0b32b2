using System.Runtime.CompilerServices;
using Gache.Primitives;

namespace Gache.Store;

/// <summary>Answers that are kept for repeats (http-api: Idempotency-Key).</summary>
public sealed partial class KeyValueStore
{
    /// <summary>How many answers are kept for repeats.</summary>
    public long IdempotencyCount => table.IdempotencyCount;

    /// <summary>Whether the answer to this command is kept: it is a repeat, and needs no new record. For proposals; apply decides anew.</summary>
    /// <param name="command">An encoded command.</param>
    public bool Remembers(ReadOnlySpan<byte> command)
    {
        if (!Command.TryParse(command, out CommandView view)) return false;
        if (view.Kind == CommandKind.Txn) return TxnView.TryReadMark(view.Value, out int slot, out ReadOnlySpan<byte> mark) && !mark.IsEmpty && TryRecall(slot, mark, out _);
        return WriteOptionsView.TryParse(view.Options, out WriteOptionsView options)
            && !options.Idempotency.IsEmpty
            && TryRecall(Slot.Of(view.Key), options.Idempotency, out _);
    }

    [SkipLocalsInit]
    private bool TryRecall(int slot, ReadOnlySpan<byte> mark, out Record record)
    {
        record = default;
        int tree = Trees.IdempotencyOf(slot);
        if (!TryFirstWindow(tree, out uint window) || Planted.Is(PlantedFault.RepeatForgotten)) return false;

        // Windows whose time is over do not count, though their turn to be deleted may not have come.
        ulong now = SlotTime(slot);
        Span<byte> key = stackalloc byte[IdempotencyRecord.KeyBytes];
        for (window = Math.Max(window, IdempotencyRecord.FirstKeptAt(now)); window <= IdempotencyRecord.WindowOf(now); window++)
        {
            IdempotencyRecord.WriteKey(key, window, mark[..IdempotencyMark.IdentityBytes]);
            if (table.Blocks.TryFind(tree, key, out record)) return true;
        }

        return false;
    }

    [SkipLocalsInit]
    private void Remember(int slot, ReadOnlySpan<byte> mark, in ApplyResult answer)
    {
        Span<byte> key = stackalloc byte[IdempotencyRecord.KeyBytes];
        Span<byte> value = answer.Body is { } body ? new byte[IdempotencyRecord.HeadBytes + body.Length] : stackalloc byte[IdempotencyRecord.MaxPlainValueBytes];
        IdempotencyRecord.WriteKey(key, IdempotencyRecord.WindowOf(SlotTime(slot)), mark[..IdempotencyMark.IdentityBytes]);
        int tree = Trees.IdempotencyOf(slot);
        bool isFirst = table.Blocks.IsEmpty(tree);
        table.Set(tree, key, answer.Revision, IdempotencyRecord.WriteValue(value, mark[IdempotencyMark.IdentityBytes..], answer));
        NoteChange(tree, key);
        if (isFirst) Schedule(slot);
    }

    /// <summary>Deletes the records of windows that are over.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="most">At most so many.</param>
    /// <returns>How many were deleted.</returns>
    private int ForgetAnswers(int slot, int most)
    {
        int tree = Trees.IdempotencyOf(slot);
        ulong now = SlotTime(slot);
        int forgotten = 0;
        Span<byte> key = stackalloc byte[IdempotencyRecord.KeyBytes];
        for (; forgotten < most && TryFirstWindow(tree, out uint window, key) && IdempotencyRecord.EndOf(window) <= now; forgotten++)
        {
            table.Remove(tree, key);
            NoteChange(tree, key);
        }

        return forgotten;
    }

    private bool TryFirstWindow(int tree, out uint window) => TryFirstWindow(tree, out window, stackalloc byte[IdempotencyRecord.KeyBytes]);

    private bool TryFirstWindow(int tree, out uint window, Span<byte> key)
    {
        window = 0;
        if (!table.Blocks.TryFirst(tree, out Record first)) return false;
        first.Key.CopyTo(key);
        window = IdempotencyRecord.WindowIn(key);
        return true;
    }
}
