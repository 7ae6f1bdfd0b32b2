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
            most -= ForgetAnswers(slot, most);
            Schedule(slot);
        }
    }

    /// <summary>Finds out when something of a slot is over next. Only who serves a slot deletes in it: a slot on its way stays as it was handed.</summary>
    private void Schedule(int slot)
    {
        ulong? next = ownership.IsServed(slot) && TryFirstWindow(Trees.IdempotencyOf(slot), out uint window)
            ? clocks.ShardTimeOf(slot, IdempotencyRecord.EndOf(window))
            : null;
        due.Set(slot, next);
    }

    private void ScheduleAll()
    {
        due.Clear();
        for (int slot = 0; slot < Slot.Count; slot++) Schedule(slot);
    }

    /// <summary>Whether records of the slot have a time: only then its own time matters.</summary>
    private bool HasTimes(int slot) => !table.Blocks.IsEmpty(Trees.IdempotencyOf(slot));
}
