namespace Gache.Tool.Operate.Balance;

/// <summary>A shard as the planner sees it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Weight">Its share relative to the others; 0 to take all its slots off it.</param>
/// <param name="Slots">What it owns, ascending.</param>
internal sealed record ShardLoad(string Id, int Weight, IReadOnlyList<int> Slots);

/// <summary>Slots that go from one shard to another.</summary>
internal sealed record SlotTransfer(string From, string To, IReadOnlyList<int> Slots);

/// <summary>Plans the fewest moves after which every shard has its share of the slots, to within one slot.</summary>
/// <remarks>Pure. Slots that nobody owns are not its matter: they have to be granted, not moved.</remarks>
internal static class RebalancePlanner
{
    /// <summary>How many slots each shard is to have, in the order given; together as many as they own.</summary>
    /// <remarks>
    /// Each share is rounded down or up. Who has more than the lower number is rounded up first: each of these saves a move, and no other
    /// choice does. So the sum of what shards have above their number is the least there is.
    /// </remarks>
    public static int[] Shares(IReadOnlyList<ShardLoad> shards)
    {
        long total = shards.Sum(shard => (long)shard.Slots.Count);
        long weights = shards.Sum(shard => (long)shard.Weight);
        if (weights == 0) throw new ArgumentException("at least one shard must have a weight", nameof(shards));

        int[] shares = [.. shards.Select(shard => (int)(total * shard.Weight / weights))];
        int extras = (int)(total - shares.Sum(share => (long)share));
        IEnumerable<int> rounded = Enumerable.Range(0, shards.Count)
            .Where(i => Remainder(i) > 0)
            .OrderByDescending(i => shards[i].Slots.Count > shares[i])
            .ThenByDescending(Remainder)
            .Take(extras)
            .ToArray();
        foreach (int i in rounded) shares[i]++;
        return shares;

        long Remainder(int i) => total * shards[i].Weight % weights;
    }

    /// <summary>The transfers; none if every shard has its share.</summary>
    /// <remarks>Slots are taken off one end, so that ranges stay whole; the lower end if that joins them to the taker's own.</remarks>
    public static IReadOnlyList<SlotTransfer> Plan(IReadOnlyList<ShardLoad> shards)
    {
        int[] shares = Shares(shards);
        int[] below = [.. shards.Select((shard, i) => Math.Max(0, shares[i] - shard.Slots.Count))];
        List<SlotTransfer> transfers = [];
        int taker = 0;
        for (int giver = 0; giver < shards.Count; giver++)
        {
            IReadOnlyList<int> slots = shards[giver].Slots;
            int first = 0, end = slots.Count; // what it still has
            for (int above = slots.Count - shares[giver]; above > 0;)
            {
                while (below[taker] == 0) taker++; // there is one: together they own as many as they are to have
                int count = Math.Min(above, below[taker]);
                bool isLowerEnd = shards[taker].Slots.Contains(slots[first] - 1);
                transfers.Add(new SlotTransfer(
                    shards[giver].Id, shards[taker].Id, [.. slots.Skip(isLowerEnd ? first : end - count).Take(count)]));
                if (isLowerEnd) first += count;
                else end -= count;
                above -= count;
                below[taker] -= count;
            }
        }

        return transfers;
    }
}
