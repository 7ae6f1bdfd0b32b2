using Gache.Primitives;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Which shard owns which slot and which node leads which shard, as gossip tells: a hint where to send a request.</summary>
/// <remarks>Immutable, made anew when the view changes. For each slot the highest epoch counts, whoever tells it and however alive they are.</remarks>
public sealed class SlotMap
{
    private readonly ShardId[] shards;
    private readonly ushort[] owners = new ushort[Slot.Count]; // index into shards plus one; 0: nobody
    private readonly ulong[] epochs = new ulong[Slot.Count];
    private readonly Dictionary<ShardId, ClusterPeer> leaders = [];

    /// <summary>Makes the map of what is known.</summary>
    /// <param name="view">What gossip told.</param>
    /// <param name="learnt">What this node saw committed in a move of its own and gossip may not have told yet.</param>
    public SlotMap(ClusterView view, IEnumerable<KeyValuePair<int, (ShardId Shard, ulong Epoch)>>? learnt = null)
    {
        ArgumentNullException.ThrowIfNull(view);
        var indexes = new Dictionary<ShardId, ushort>();
        var leadingTerms = new Dictionary<ShardId, ulong>();
        foreach (NodeView node in view.Nodes)
        {
            NodeRecord record = node.Record;
            if (record.Shard.IsNone || indexes.Count >= ushort.MaxValue - 1) continue;
            ushort index = IndexOf(record.Shard);
            foreach (SlotRange range in record.Slots)
            {
                for (int slot = range.First; slot <= range.Last; slot++) Claim(slot, index, range.Epoch);
            }

            if (!node.IsAlive || record.Role != NodeRole.Leader || leadingTerms.GetValueOrDefault(record.Shard) > record.Term) continue;
            leadingTerms[record.Shard] = record.Term;
            leaders[record.Shard] = new ClusterPeer(record.Node, record.ApiAddress, record.ClusterAddress);
        }

        foreach ((int slot, (ShardId shard, ulong epoch)) in learnt ?? []) Claim(slot, IndexOf(shard), epoch);
        shards = [.. indexes.OrderBy(pair => pair.Value).Select(pair => pair.Key)];

        ushort IndexOf(ShardId shard)
        {
            if (indexes.TryGetValue(shard, out ushort known)) return known;
            indexes.Add(shard, (ushort)(indexes.Count + 1));
            return (ushort)indexes.Count;
        }
    }

    /// <summary>The shards that anything is known of.</summary>
    public IReadOnlyList<ShardId> Shards => shards;

    /// <summary>The owner of a slot and the epoch at which it came to own it; none and 0 if nobody is known to.</summary>
    public (ShardId Shard, ulong Epoch) OwnerOf(int slot) => owners[slot] == 0 ? default : (shards[owners[slot] - 1], epochs[slot]);

    /// <summary>Whether a live leader of any shard is known.</summary>
    public bool HasLeader => leaders.Count > 0;

    /// <summary>The live leader of a shard; null if none is known.</summary>
    public ClusterPeer? LeaderOf(ShardId shard) => leaders.GetValueOrDefault(shard);

    /// <summary>The slots that nobody is known to own.</summary>
    public SlotSet Unassigned()
    {
        var set = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (owners[slot] == 0) set.Add(slot);
        }

        return set;
    }

    /// <summary>The slots whose owner has no live leader that is known, or that have no owner.</summary>
    public SlotSet Unreachable()
    {
        var set = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (owners[slot] == 0 || !leaders.ContainsKey(shards[owners[slot] - 1])) set.Add(slot);
        }

        return set;
    }

    /// <summary>The ranges of one shard, with the epoch of each.</summary>
    public IReadOnlyList<SlotRange> SlotsOf(ShardId shard)
    {
        var ranges = new List<SlotRange>();
        for (int slot = 0; slot < Slot.Count;)
        {
            (ShardId owner, ulong epoch) = OwnerOf(slot);
            int end = slot + 1;
            while (end < Slot.Count && OwnerOf(end) == (owner, epoch)) end++;
            if (owner == shard && !owner.IsNone) ranges.Add(new SlotRange(slot, end - 1, epoch));
            slot = end;
        }

        return ranges;
    }

    private void Claim(int slot, ushort index, ulong epoch)
    {
        if (owners[slot] != 0 && epochs[slot] >= epoch) return;
        (owners[slot], epochs[slot]) = (index, epoch);
    }
}
