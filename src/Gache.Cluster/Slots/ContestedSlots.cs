using Gache.Primitives;
using Gache.Store;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>Slots that this shard serves and that another one is said to own at a later epoch.</summary>
/// <remarks>
/// It cannot happen by moves. It can after <c>gache recover</c>, which may forget that a slot was handed over. Gossip decides nothing (P9): each
/// shard goes on with what its own log says, and an operator is told.
/// </remarks>
internal sealed class ContestedSlots
{
    private const int CertainAfterLooks = 5; // while a slot is handed over the new owner is heard of before our own record follows

    private SlotMap? seenMap;
    private IReadOnlyList<SlotRange>? seenSlots;
    private int looks;
    private bool isTold;

    /// <summary>One sentence for each other owner; empty while there is none. Any thread may ask.</summary>
    public IReadOnlyList<string> Words { get; private set; } = [];

    /// <summary>Compares what this shard serves with what all tell; to be called about once a second.</summary>
    public void Look(ShardId own, IReadOnlyList<SlotRange> slots, SlotMap map, ILogger logger)
    {
        if (looks == 0 && ReferenceEquals(map, seenMap) && ReferenceEquals(slots, seenSlots)) return;
        (seenMap, seenSlots) = (map, slots);
        var others = new SortedDictionary<ShardId, SlotSet>();
        foreach (SlotRange range in slots)
        {
            for (int slot = range.First; slot <= range.Last; slot++)
            {
                (ShardId owner, ulong epoch) = map.OwnerOf(slot);
                if (owner.IsNone || owner == own || epoch <= range.Epoch) continue;
                if (!others.TryGetValue(owner, out SlotSet? set)) others.Add(owner, set = new SlotSet());
                set.Add(slot);
            }
        }

        looks = others.Count == 0 ? 0 : looks + 1;
        if (looks < CertainAfterLooks)
        {
            (Words, isTold) = ([], false);
            return;
        }

        Words =
        [
            .. others.Select(pair => $"slots {pair.Value} are served here and belong to shard {pair.Key} as well, at a later epoch: clients are sent there. "
                + "Compare what both have, then remove this shard's members or recover it without them"),
        ];
        if (!isTold)
        {
            foreach (string words in Words) logger.TwoOwners(words);
        }

        isTold = true;
    }
}
