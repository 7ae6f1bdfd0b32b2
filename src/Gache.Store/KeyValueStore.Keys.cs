using Gache.Primitives;

namespace Gache.Store;

/// <summary>Commands on one key.</summary>
public sealed partial class KeyValueStore
{
    private ApplyResult ApplyToKey(in CommandView view)
    {
        int slot = Slot.Of(view.Key);
        if (!ownership.IsServed(slot)) return new ApplyResult(ApplyStatus.NotServed, Revision, false);
        return view.Options.IsEmpty ? Write(slot, view) : WriteWithOptions(slot, view);
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
        Remember(slot, options.Idempotency, answer);
        return answer;
    }

    private ApplyResult WriteIf(int slot, in CommandView view, in WriteOptionsView options)
    {
        bool exists = table.Blocks.TryFind(slot, view.Key, out Record present);
        ulong revision = exists ? present.Revision : 0;
        if (!options.Condition.Holds(exists, revision)) return new ApplyResult(ApplyStatus.ConditionFailed, revision, exists);
        return options.Counter is { } terms ? Add(slot, view.Key, exists, present, terms) : Write(slot, view);
    }

    private ApplyResult Add(int slot, ReadOnlySpan<byte> key, bool exists, Record present, CounterTerms terms)
    {
        long number = 0;
        if (exists && !DecimalText.TryParse(present.Value, out number)) return new ApplyResult(ApplyStatus.NotANumber, present.Revision, true);
        if (!terms.TryAdd(number, out long sum) && !Planted.Is(PlantedFault.BoundIgnored))
            return new ApplyResult(ApplyStatus.OutOfRange, exists ? present.Revision : 0, exists);

        Span<byte> text = stackalloc byte[DecimalText.MaxBytes];
        table.Set(slot, key, ++Revision, DecimalText.Format(sum, text));
        NoteChange(slot, key);
        return new ApplyResult(ApplyStatus.Done, Revision, exists, sum);
    }

    private ApplyResult Write(int slot, in CommandView view)
    {
        bool existed;
        if (view.Kind == CommandKind.Delete)
        {
            existed = table.Remove(slot, view.Key);
            if (existed) Revision++; // removing nothing changes nothing, so that a retry does not show
        }
        else
        {
            existed = table.Set(slot, view.Key, ++Revision, view.Value);
        }

        NoteChange(slot, view.Key);
        return new ApplyResult(ApplyStatus.Done, Revision, existed);
    }
}
