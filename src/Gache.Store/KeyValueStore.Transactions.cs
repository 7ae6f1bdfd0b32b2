using Gache.Primitives;

namespace Gache.Store;

/// <summary>Transactions: keys of one slot compared and changed at one index.</summary>
public sealed partial class KeyValueStore
{
    private const int TxnResultBytes = 1 + sizeof(ulong) + sizeof(ulong); // of one operation, without a value

    private ApplyResult ApplyTxn(in CommandView view)
    {
        Invariant.Holds(TxnView.TryParse(view.Value, out TxnView txn), $"entry {AppliedIndex} is no transaction");
        if (!ownership.IsServed(txn.Slot)) return new ApplyResult(ApplyStatus.NotServed, Revision, false);
        if (due.NextAt <= time.Applied) ExpireKeysOf(txn);
        if (!txn.Mark.IsEmpty && TryRecall(txn.Slot, txn.Mark, out Record kept))
        {
            return IdempotencyRecord.FingerprintIn(kept.Value).SequenceEqual(txn.Mark[IdempotencyMark.IdentityBytes..])
                ? IdempotencyRecord.AnswerIn(kept)
                : new ApplyResult(ApplyStatus.IdempotencyKeyReused, 0, false);
        }

        bool succeeded = Holds(txn);
        TxnOperationAt[] branch = succeeded ? txn.Then : txn.Else;
        ApplyResult answer = Foresee(txn, branch) is { } failed ? failed with { Existed = succeeded } : CarryOut(txn, branch, succeeded);
        if (!txn.Mark.IsEmpty) Remember(txn.Slot, txn.Mark, answer);
        if (table.Dues.Version != scheduledVersion) ScheduleChanged(txn.Slot);
        return answer;
    }

    private void ExpireKeysOf(in TxnView txn)
    {
        foreach (TxnCompareAt one in txn.Compare) ExpireIfOver(txn.Slot, txn.KeyOf(one));
        foreach (TxnOperationAt one in txn.Then) ExpireIfOver(txn.Slot, txn.KeyOf(one));
        foreach (TxnOperationAt one in txn.Else) ExpireIfOver(txn.Slot, txn.KeyOf(one));
    }

    private bool Holds(in TxnView txn)
    {
        foreach (TxnCompareAt one in txn.Compare)
        {
            bool exists = table.Blocks.TryFind(txn.Slot, txn.KeyOf(one), out Record present);
            bool holds = one.Asks switch
            {
                TxnComparison.Exists => exists,
                TxnComparison.Missing => !exists,
                _ => exists && present.Revision == one.Revision,
            };
            if (!holds) return false;
        }

        return true;
    }

    /// <summary>Finds out, before anything changes, whether an operation would fail: then none is carried out.</summary>
    /// <returns>What fails, with the operation's place as its number; null if all can be done.</returns>
    private ApplyResult? Foresee(in TxnView txn, TxnOperationAt[] branch)
    {
        Span<long> sums = stackalloc long[branch.Length];
        long answerBytes = 0;
        for (int i = 0; i < branch.Length; i++)
        {
            ref readonly TxnOperationAt one = ref branch[i];
            answerBytes += TxnResultBytes;
            if (one.Kind == TxnOperationKind.Get) answerBytes += sizeof(uint) + LengthBefore(txn, branch, i, sums);
            if (answerBytes > TxnCommand.MaxAnswerBytes) return new ApplyResult(ApplyStatus.AnswerTooLarge, 0, false, i);
            if (one.Kind != TxnOperationKind.Add) continue;

            ApplyStatus status = NumberBefore(txn, branch, i, sums, out long number) ? ApplyStatus.Done : ApplyStatus.NotANumber;
            if (status == ApplyStatus.Done && !one.Counter.TryAdd(number, out sums[i])) status = ApplyStatus.OutOfRange;
            if (status != ApplyStatus.Done) return new ApplyResult(status, 0, false, i);
        }

        return null;
    }

    /// <summary>The last operation before <paramref name="i"/> that changes the same key; -1 if none does.</summary>
    private static int ChangeBefore(in TxnView txn, TxnOperationAt[] branch, int i)
    {
        ReadOnlySpan<byte> key = txn.KeyOf(branch[i]);
        for (int before = i - 1; before >= 0; before--)
        {
            if (branch[before].Kind != TxnOperationKind.Get && txn.KeyOf(branch[before]).SequenceEqual(key)) return before;
        }

        return -1;
    }

    private bool NumberBefore(in TxnView txn, TxnOperationAt[] branch, int i, ReadOnlySpan<long> sums, out long number)
    {
        number = 0;
        int before = ChangeBefore(txn, branch, i);
        if (before < 0) return !table.Blocks.TryFind(txn.Slot, txn.KeyOf(branch[i]), out Record present) || DecimalText.TryParse(present.Value, out number);
        if (branch[before].Kind == TxnOperationKind.Set) return DecimalText.TryParse(txn.ValueOf(branch[before]), out number);
        if (branch[before].Kind == TxnOperationKind.Add) number = sums[before];
        return true;
    }

    private int LengthBefore(in TxnView txn, TxnOperationAt[] branch, int i, ReadOnlySpan<long> sums)
    {
        int before = ChangeBefore(txn, branch, i);
        if (before < 0) return table.Blocks.TryFind(txn.Slot, txn.KeyOf(branch[i]), out Record present) ? present.Value.Length : 0;
        return branch[before].Kind switch
        {
            TxnOperationKind.Set => branch[before].ValueLength,
            TxnOperationKind.Add => DecimalText.Format(sums[before], stackalloc byte[DecimalText.MaxBytes]).Length,
            _ => 0,
        };
    }

    private ApplyResult CarryOut(in TxnView txn, TxnOperationAt[] branch, bool succeeded)
    {
        var answer = new ByteWriter(2 + branch.Length * TxnResultBytes);
        TxnAnswer.WriteHead(answer, succeeded, branch.Length);
        for (int i = 0; i < branch.Length; i++) CarryOut(txn, branch[i], answer, isLeftOut: i > 0 && Planted.Is(PlantedFault.TransactionHalfDone));

        return new ApplyResult(ApplyStatus.Done, Revision, false, 0, answer.Written.ToArray());
    }

    private void CarryOut(in TxnView txn, in TxnOperationAt one, ByteWriter answer, bool isLeftOut)
    {
        int slot = txn.Slot;
        ReadOnlySpan<byte> key = txn.KeyOf(one);
        bool exists = table.Blocks.TryFind(slot, key, out Record present);
        if (one.Kind == TxnOperationKind.Get)
        {
            TxnAnswer.Write(answer, one.Kind, exists, exists ? present.Revision : 0);
            if (exists) answer.WriteBlob(present.Value);
            return;
        }

        ulong newDue = one.Ttl != 0 ? SlotTime(slot) + one.Ttl : one.KeepsTtl && exists ? present.Due : 0;
        ApplyResult done = one.Kind switch
        {
            _ when isLeftOut => new ApplyResult(ApplyStatus.Done, Revision, exists),
            TxnOperationKind.Add => Add(slot, key, exists, present, one.Counter, exists ? present.Due : newDue),
            TxnOperationKind.Delete => Write(slot, new CommandView(CommandKind.Delete, 0, key, default)),
            _ => Write(slot, new CommandView(CommandKind.Set, 0, key, txn.ValueOf(one)), newDue),
        };
        Invariant.Holds(done.Status == ApplyStatus.Done, $"an operation of the transaction at {AppliedIndex} was foreseen to be done, and came to {done.Status}");
        TxnAnswer.Write(answer, one.Kind, done.Existed, one.Kind == TxnOperationKind.Delete && !done.Existed ? 0 : done.Revision);
        if (one.Kind == TxnOperationKind.Add) answer.WriteUInt64((ulong)done.Number);
    }
}
