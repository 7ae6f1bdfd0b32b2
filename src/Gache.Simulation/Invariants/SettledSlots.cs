using Gache.Store;

namespace Gache.Simulation;

/// <summary>What must be true of all slots once everything is healed and nobody moves any more.</summary>
internal static class SettledSlots
{
    /// <summary>Whether nothing is under way: only imports may be left whose source kept the slot.</summary>
    public static bool AreSettled(IReadOnlyList<SimulatedShard> shards)
    {
        foreach (SimulatedShard shard in shards)
        {
            if (shard.Leader?.Run?.Store is not { } store) return false;
            foreach (int slot in store.MovingSlots)
            {
                if (!IsLeftover(shards, slot, store.SlotAt(slot))) return false;
            }
        }

        return true;
    }

    /// <summary>Every slot has one owner, and nobody else has keys of it.</summary>
    public static Violation? Check(IReadOnlyList<SimulatedShard> shards)
    {
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            int owners = 0;
            foreach (SimulatedShard shard in shards)
            {
                foreach (Machine machine in shard.Machines)
                {
                    KeyValueStore store = machine.Run!.Store!;
                    SlotState state = store.SlotAt(slot);
                    if (state.Phase == SlotPhase.Owned) owners += machine == shard.Machines[0] ? 1 : 0;
                    else if (store.RecordCountOf(slot) > 0 && !IsLeftover(shards, slot, state))
                        return new("a key is in two shards", $"{machine.Name} has {store.RecordCountOf(slot)} records of slot {slot}, which is {state} there");
                }
            }

            if (owners != 1) return new("a slot without one owner", $"slot {slot}: {Describe(shards, slot)}");
        }

        return null;
    }

    /// <summary>The slots that are under way, in words.</summary>
    public static string Describe(IReadOnlyList<SimulatedShard> shards)
    {
        IEnumerable<int> moving = shards.SelectMany(s => s.Leader?.Run?.Store?.MovingSlots ?? []).Distinct().Order();
        return string.Join("; ", moving.Select(slot => $"slot {slot}: {Describe(shards, slot)}"));
    }

    private static string Describe(IReadOnlyList<SimulatedShard> shards, int slot) =>
        string.Join(", ", shards.Select(s => $"shard {s.Number} ({s.Id}) {s.Leader?.Run?.Store?.SlotAt(slot).ToString() ?? "has no leader"}"));

    private static bool IsLeftover(IReadOnlyList<SimulatedShard> shards, int slot, SlotState state) =>
        state.Phase == SlotPhase.Importing
        && shards.Any(s => s.Leader?.Run?.Store?.SlotAt(slot) is { Phase: SlotPhase.Owned } owned && owned.Epoch > state.Epoch);
}
