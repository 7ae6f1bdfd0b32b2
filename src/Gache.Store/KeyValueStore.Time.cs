using Gache.Primitives;

namespace Gache.Store;

/// <summary>What is over, and goes (design: Time in the store).</summary>
public sealed partial class KeyValueStore
{
    // What is deleted beside a command, and by an entry that only tells the time: bounded, so that a million records which are over at
    // once never hold up the others (a thousand take about a millisecond).
    private const int DeletedBesideACommand = 8;
    private const int DeletedByATime = 1_024;

    private readonly SlotClocks clocks = new();
    private readonly DueSlots due = new();
    private long scheduledVersion; // of the keys' times

    /// <summary>The store time at which something is over next, in milliseconds; <see cref="ulong.MaxValue"/> if nothing ever is.</summary>
    public ulong NextDueMilliseconds => due.NextAt;

    /// <summary>A slot's time in the entries applied, in milliseconds; once it is handed over, the time at which it was.</summary>
    /// <param name="slot">0 to 16,383.</param>
    public ulong SlotTime(int slot) => clocks.TimeOf(slot, time.Applied);

    /// <summary>Deletes what is over, the earliest first; what an entry leaves is over nevertheless, and the next one goes on.</summary>
    private void DeleteWhatIsOver(int most)
    {
        while (most > 0 && due.NextAt <= time.Applied)
        {
            int slot = due.NextSlot;
            most -= ExpireKeys(slot, most);
            if (most > 0) most -= ForgetAnswers(slot, most);
            Schedule(slot);
        }
    }

    /// <summary>Finds out when something of a slot is over next. Only who serves a slot deletes in it: a slot on its way stays as it was handed.</summary>
    private void Schedule(int slot)
    {
        ulong? next = null;
        if (ownership.IsServed(slot) && !clocks.StandsStill(slot))
        {
            if (TryFirstWindow(Trees.IdempotencyOf(slot), out uint window)) next = IdempotencyRecord.EndOf(window);
            if (table.Dues.FirstDueOf(slot) is { } first && (next is null || first < next)) next = first;
        }

        due.Set(slot, next is { } at ? clocks.ShardTimeOf(slot, at) : null);
    }

    private void ScheduleChanged(int slot)
    {
        scheduledVersion = table.Dues.Version;
        Schedule(slot);
    }

    private bool IsOver(int slot, Record record) =>
        record.Due <= SlotTime(slot) + (Planted.Is(PlantedFault.ExpiredEarly) ? PlantedEarly : 0);

    /// <summary>What is over and waits for its turn to be deleted goes before a command sees its key: it is as if it had gone in time.</summary>
    private void ExpireIfOver(int slot, ReadOnlySpan<byte> key)
    {
        if (table.Blocks.TryFind(slot, key, out Record record) && record.Expires && IsOver(slot, record)) Expire(slot, key);
    }

    private int ExpireKeys(int slot, int most)
    {
        ulong now = SlotTime(slot);
        int expired = 0;
        Span<byte> key = stackalloc byte[StoreLimits.MaxKeyBytes];
        for (; expired < most && table.Dues.TryFirst(slot, out ulong at, key, out int length) && at <= now; expired++) Expire(slot, key[..length]);
        return expired;
    }

    /// <summary>A change of the key like a removal, with a revision of its own.</summary>
    private void Expire(int slot, ReadOnlySpan<byte> key)
    {
        table.Remove(slot, key);
        Revision++;
        NoteChange(slot, key);
        Tell(KeyChangeKind.Expire, slot, key);
    }

    private const ulong PlantedEarly = 3_000;

    private void ScheduleAll()
    {
        due.Clear();
        for (int slot = 0; slot < Slot.Count; slot++) Schedule(slot);
    }

    /// <summary>Whether records of the slot have a time: only then its own time matters.</summary>
    private bool HasTimes(int slot) => !table.Blocks.IsEmpty(Trees.IdempotencyOf(slot)) || table.Dues.AreThereIn(slot);
}
