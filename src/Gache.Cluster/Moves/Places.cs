using Gache.Primitives;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Who may be worked on at the same time: no target that cannot go on holds up the others, and no new move what ends an old one.</summary>
/// <param name="slotsAtOnce">Places for slots that leave, and as many again for those whose end is all that is left.</param>
/// <param name="handedAtOnce">Places for slots that are served by nobody.</param>
internal sealed class Places(int slotsAtOnce, int handedAtOnce)
{
    private readonly Dictionary<int, (Kind Kind, ShardId? Troubled)> taken = [];

    private enum Kind
    {
        Handed,
        Ending,
        Leaving,
        Troubled,
    }

    /// <summary>Takes a place.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="phase">Its phase.</param>
    /// <param name="troubled">Its target, if a slot of that did not get on: one of its slots at a time is tried.</param>
    /// <returns>False if there is none left.</returns>
    public bool TryTake(int slot, SlotPhase phase, ShardId? troubled)
    {
        Kind kind = phase switch
        {
            SlotPhase.Handed => Kind.Handed,
            SlotPhase.Keeping or SlotPhase.Cleaning => Kind.Ending,
            _ when troubled is not null => Kind.Troubled,
            _ => Kind.Leaving,
        };
        bool isFree = kind switch
        {
            Kind.Handed => Count(kind) < handedAtOnce,
            Kind.Troubled => !taken.ContainsValue((kind, troubled)),
            _ => Count(kind) < slotsAtOnce,
        };
        if (isFree) taken[slot] = (kind, troubled);
        return isFree;
    }

    /// <summary>Gives a slot's place back.</summary>
    public void Free(int slot) => taken.Remove(slot);

    /// <summary>Nobody is worked on any more.</summary>
    public void Clear() => taken.Clear();

    private int Count(Kind kind) => taken.Values.Count(place => place.Kind == kind);
}
