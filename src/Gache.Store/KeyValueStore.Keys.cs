using Gache.Primitives;

namespace Gache.Store;

/// <summary>Commands on one key.</summary>
public sealed partial class KeyValueStore
{
    private ApplyResult ApplyToKey(in CommandView view)
    {
        int slot = Slot.Of(view.Key);
        if (!ownership.IsServed(slot)) return new ApplyResult(ApplyStatus.NotServed, Revision, false);
        if (due.NextAt <= time.Applied) ExpireIfOver(slot, view.Key);
        ApplyResult answer = view.Options.IsEmpty ? Write(slot, view) : WriteWithOptions(slot, view);
        if (table.Dues.Version != scheduledVersion) ScheduleChanged(slot);
        return answer;
    }

    private ApplyResult WriteWithOptions(int slot, in CommandView view)
    {
        Invariant.Holds(WriteOptionsView.TryParse(view.Options, out WriteOptionsView options), $"entry {AppliedIndex} has options that cannot be read");
        if (options.Idempotency.IsEmpty) return WriteIf(slot, view, options);
        if (TryRecall(slot, options.Idempotency, out Record kept))
        {
            return IdempotencyRecord.FingerprintIn(kept.Value).SequenceEqual(options.Idempotency[IdempotencyMark.IdentityBytes..])
                ? IdempotencyRecord.AnswerIn(kept)
                : new ApplyResult(ApplyStatus.IdempotencyKeyReused, 0, false);
        }

        ApplyResult answer = WriteIf(slot, view, options);
        if (options.IsTry && answer.Status == ApplyStatus.ConditionFailed) return answer; // the answer is still to come
        Remember(slot, options.Idempotency, answer);
        return answer;
    }

    private ApplyResult WriteIf(int slot, in CommandView view, in WriteOptionsView options)
    {
        bool exists = table.Blocks.TryFind(slot, view.Key, out Record present);
        ulong revision = exists ? present.Revision : 0;
        if (!options.Condition.Holds(exists, revision)) return new ApplyResult(ApplyStatus.ConditionFailed, revision, exists);
        ulong newDue = options.Ttl != 0 ? SlotTime(slot) + options.Ttl : options.KeepsTtl && exists ? present.Due : 0;
        return view.Kind switch
        {
            CommandKind.Touch when !exists => new ApplyResult(ApplyStatus.KeyNotFound, 0, false),
            CommandKind.Touch => Touch(slot, view.Key, present, newDue),
            CommandKind.Add => Add(slot, view.Key, exists, present, options.Counter!.Value, exists ? present.Due : newDue),
            _ => Write(slot, view, newDue),
        };
    }

    /// <summary>Only the expiry changes: value and revision, and so what others know of the key, stay.</summary>
    private ApplyResult Touch(int slot, ReadOnlySpan<byte> key, Record present, ulong newDue)
    {
        ulong revision = present.Revision;
        table.SetDue(slot, key, newDue);
        NoteChange(slot, key);
        return new ApplyResult(ApplyStatus.Done, revision, true);
    }

    private ApplyResult Add(int slot, ReadOnlySpan<byte> key, bool exists, Record present, CounterTerms terms, ulong newDue)
    {
        long number = 0;
        if (exists && !DecimalText.TryParse(present.Value, out number)) return new ApplyResult(ApplyStatus.NotANumber, present.Revision, true);
        if (!terms.TryAdd(number, out long sum) && !Planted.Is(PlantedFault.BoundIgnored))
            return new ApplyResult(ApplyStatus.OutOfRange, exists ? present.Revision : 0, exists);

        Span<byte> text = stackalloc byte[DecimalText.MaxBytes];
        ReadOnlySpan<byte> value = DecimalText.Format(sum, text);
        table.Set(slot, key, ++Revision, value, newDue);
        NoteChange(slot, key);
        Tell(KeyChangeKind.Put, slot, key, value);
        return new ApplyResult(ApplyStatus.Done, Revision, exists, sum);
    }

    private ApplyResult Write(int slot, in CommandView view, ulong newDue = 0)
    {
        bool existed;
        if (view.Kind == CommandKind.Delete)
        {
            existed = table.Remove(slot, view.Key);
            if (existed) Revision++; // removing nothing changes nothing, so that a retry does not show
        }
        else
        {
            existed = table.Set(slot, view.Key, ++Revision, view.Value, newDue);
        }

        NoteChange(slot, view.Key);
        if (view.Kind != CommandKind.Delete) Tell(KeyChangeKind.Put, slot, view.Key, view.Value);
        else if (existed) Tell(KeyChangeKind.Delete, slot, view.Key);
        return new ApplyResult(ApplyStatus.Done, Revision, existed);
    }
}
