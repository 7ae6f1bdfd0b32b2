using Gache.Primitives;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>Who ever owned which slot at which epoch, as every replica's applied entries told: one shard an epoch, and nothing lost on the way (P9).</summary>
internal sealed class SlotLedger
{
    private readonly Dictionary<(int Slot, ulong Epoch), ShardId> owners = [];
    private readonly Dictionary<(int Slot, ulong Epoch), (UInt128 Checksum, long Keys)> handed = [];

    /// <summary>How many slots changed their owner.</summary>
    public int Moves { get; private set; }

    /// <summary>How many moves were given up.</summary>
    public int Kept { get; private set; }

    /// <summary>An entry changes a slot's state in one replica; the slot's records are already as they will be.</summary>
    public Violation? See(ShardId shard, KeyValueStore store, string who, int slot, SlotState before, SlotState after)
    {
        string Words() => $"{who} at {store.AppliedIndex}: slot {slot} goes from {before} to {after}";
        bool isFounding = before == new SlotState(SlotPhase.Owned, 1, default) && after == default;
        if (!isFounding && !IsTransition(before, after)) return new("a slot changes as it cannot", Words());
        if (!isFounding && after.Epoch < before.Epoch) return new("an epoch went back", Words());
        if (after.Phase is SlotPhase.Owned or SlotPhase.Leaving or SlotPhase.Keeping && !owners.TryAdd((slot, after.Epoch), shard) && owners[(slot, after.Epoch)] != shard)
            return new("two owners in one epoch", $"{Words()}; shard {owners[(slot, after.Epoch)]} owned it at that epoch, and so does {shard}");

        switch (before.Phase, after.Phase)
        {
            case (SlotPhase.Leaving, SlotPhase.Keeping):
                if (after.Epoch <= before.Epoch + 1) return new("a slot was kept at an epoch that its target was offered", Words());
                Kept++;
                break;
            case (_, SlotPhase.Handed):
                handed[(slot, after.Epoch)] = (store.SlotChecksum(slot), store.KeyCountOf(slot));
                break;
            case (SlotPhase.Handed, _) when !owners.ContainsKey((slot, before.Epoch)):
                return new("a source deletes what its target does not own", Words());
            case (SlotPhase.Importing, SlotPhase.Owned):
                if (!handed.TryGetValue((slot, after.Epoch), out (UInt128 Checksum, long Keys) expected)) return new("a slot was taken that nobody handed over", Words());
                if (expected != (store.SlotChecksum(slot), store.KeyCountOf(slot)))
                    return new("an import is not what was handed over", $"{Words()}; {store.KeyCountOf(slot)} keys came of {expected.Keys}");
                Moves++;
                break;
        }

        return null;
    }

    // The table of design: Moving slots. The same phase again is a stream that goes on or begins anew, or a founding.
    private static bool IsTransition(in SlotState before, in SlotState after) => (before.Phase, after.Phase) switch
    {
        (SlotPhase.Owned, SlotPhase.Owned or SlotPhase.Leaving) => true,
        (SlotPhase.Leaving, SlotPhase.Handed or SlotPhase.Keeping) => true,
        (SlotPhase.Keeping, SlotPhase.Owned) => true,
        (SlotPhase.Handed, SlotPhase.Cleaning or SlotPhase.None) => true,
        (SlotPhase.Cleaning, SlotPhase.Cleaning or SlotPhase.None or SlotPhase.Dropped) => true,
        (SlotPhase.None or SlotPhase.Dropped, SlotPhase.Dropped or SlotPhase.Importing) => true,
        (SlotPhase.None, SlotPhase.None) => true,
        (SlotPhase.Importing, SlotPhase.Importing or SlotPhase.Owned or SlotPhase.Cleaning) => true,
        _ => false,
    };
}
