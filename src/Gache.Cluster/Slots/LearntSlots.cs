using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Slots whose new owner this node saw confirmed, until gossip tells of it as well.</summary>
internal sealed class LearntSlots
{
    private readonly Dictionary<int, (ShardId Shard, ulong Epoch)> slots = [];

    public void Add(int slot, ShardId shard, ulong epoch) => slots[slot] = (shard, epoch);

    /// <summary>Forgets what the view tells by now, and gives out the rest.</summary>
    public IReadOnlyDictionary<int, (ShardId Shard, ulong Epoch)> Unknown(ClusterView view)
    {
        if (slots.Count == 0) return slots;
        var told = new SlotMap(view);
        foreach (int slot in slots.Keys.Where(slot => told.OwnerOf(slot).Epoch >= slots[slot].Epoch).ToArray()) slots.Remove(slot);
        return slots;
    }
}
