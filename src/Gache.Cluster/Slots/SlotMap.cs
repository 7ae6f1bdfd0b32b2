using Gache.Primitives;
using Gache.Store;

namespace Gache.Cluster;

/// <summary>Which shard owns which slot and which node leads which shard, as gossip tells: a hint where to send a request.</summary>
/// <remarks>Immutable, made anew when the view changes. For each slot the highest epoch counts, whoever tells it and however alive they are.</remarks>
public sealed class SlotMap
{
    private readonly ShardId[] shards;

    // Of each slot an index into claims: a map is made for every change that gossip tells, and this is all that it allocates for 16,384 slots.
    private readonly int[] claimed = new int[Slot.Count];
    private readonly List<(ShardId Shard, ulong Epoch)> claims = [default]; // the first: nobody
    private readonly Dictionary<ShardId, ClusterPeer> leaders = [];

    /// <summary>Makes the map of what is known.</summary>
    /// <param name="view">What gossip told.</param>
    /// <param name="learnt">What this node saw committed in a move of its own and gossip may not have told yet.</param>
    public SlotMap(ClusterView view, IEnumerable<KeyValuePair<int, (ShardId Shard, ulong Epoch)>>? learnt = null)
    {
        ArgumentNullException.ThrowIfNull(view);
        var known = new HashSet<ShardId>();
        var leadingTerms = new Dictionary<ShardId, ulong>();
        foreach (NodeView node in view.Nodes)
        {
            NodeRecord record = node.Record;
            if (record.Shard.IsNone) continue;
            known.Add(record.Shard);
            foreach (SlotRange range in record.Slots) Claim(range.First, range.Last, record.Shard, range.Epoch);

            if (!node.IsAlive || record.Role != NodeRole.Leader || leadingTerms.GetValueOrDefault(record.Shard) > record.Term) continue;
            leadingTerms[record.Shard] = record.Term;
            leaders[record.Shard] = new ClusterPeer(record.Node, record.ApiAddress, record.ClusterAddress);
        }

        foreach ((int slot, (ShardId shard, ulong epoch)) in learnt ?? [])
        {
            known.Add(shard);
            Claim(slot, slot, shard, epoch);
        }

        shards = [.. known];
    }

    /// <summary>The shards that anything is known of.</summary>
    public IReadOnlyList<ShardId> Shards => shards;

    /// <summary>The owner of a slot and the epoch at which it came to own it; none and 0 if nobody is known to.</summary>
    public (ShardId Shard, ulong Epoch) OwnerOf(int slot) => claims[claimed[slot]];

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
            if (claimed[slot] == 0) set.Add(slot);
        }

        return set;
    }

    /// <summary>The slots whose owner has no live leader that is known, or that have no owner.</summary>
    public SlotSet Unreachable()
    {
        var set = new SlotSet();
        for (int slot = 0; slot < Slot.Count; slot++)
        {
            if (claimed[slot] == 0 || !leaders.ContainsKey(OwnerOf(slot).Shard)) set.Add(slot);
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

    private void Claim(int first, int last, ShardId shard, ulong epoch)
    {
        int claim = claims.Count;
        claims.Add((shard, epoch));
        for (int slot = first; slot <= last; slot++)
        {
            if (claimed[slot] == 0 || claims[claimed[slot]].Epoch < epoch) claimed[slot] = claim;
        }
    }
}
