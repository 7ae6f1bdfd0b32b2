using CsCheck;
using Gache.Tool.Operate.Balance;
using Gache.Tool.Operate.View;
using Xunit;

namespace Gache.Tool.Tests.Operate;

public sealed class RebalancePlannerTests
{
    /// <summary>Shards of any weights that own any slots; some slots may be nobody's.</summary>
    private static readonly Gen<ShardLoad[]> Clusters =
        from count in Gen.Int[1, 9]
        from weights in Gen.Int[0, 5].Array[count].Where(weights => weights.Sum() > 0)
        from slots in Gen.Int[0, 300]
        from owners in Gen.Int[0, count].Array[slots]
        select Loads(weights, owners);

    [Fact]
    public void The_seeds_three_shards_are_even_after_921_moves_that_keep_ranges_whole()
    {
        IReadOnlyList<SlotTransfer> plan = RebalancePlanner.Plan([Load("a", 0, 5_000), Load("b", 5_001, 10_000), Load("c", 10_001, 16_383)]);

        Assert.Equal(
            ["c to a: 15924-16383", "c to b: 10001-10461"],
            plan.Select(transfer => $"{transfer.From} to {transfer.To}: {SlotRanges.Text(transfer.Slots)}"));
    }

    [Fact]
    public void A_new_shard_without_slots_gets_its_share()
    {
        IReadOnlyList<SlotTransfer> plan = RebalancePlanner.Plan([Load("a", 0, 8_191), Load("b", 8_192, 16_383), new ShardLoad("c", 1, [])]);

        Assert.All(plan, transfer => Assert.Equal("c", transfer.To));
        Assert.Equal(5_461, plan.Sum(transfer => transfer.Slots.Count)); // 8192 - 5462 and 8192 - 5461
    }

    [Fact]
    public void A_drained_shard_is_left_without_slots()
    {
        IReadOnlyList<SlotTransfer> plan = RebalancePlanner.Plan([Load("a", 0, 99), Load("b", 100, 199), Load("c", 200, 299) with { Weight = 0 }]);

        Assert.Equal(["c to a: 250-299", "c to b: 200-249"], plan.Select(transfer => $"{transfer.From} to {transfer.To}: {SlotRanges.Text(transfer.Slots)}"));
    }

    [Fact]
    public void Every_shard_ends_within_one_slot_of_its_share() => Clusters.Sample(shards =>
    {
        Dictionary<string, List<int>> after = Apply(shards, RebalancePlanner.Plan(shards));

        double total = shards.Sum(shard => shard.Slots.Count), weights = shards.Sum(shard => shard.Weight);
        Assert.All(shards, shard => Assert.True(Math.Abs(after[shard.Id].Count - (total * shard.Weight / weights)) < 1));
        Assert.All(shards.Where(shard => shard.Weight == 0), shard => Assert.Empty(after[shard.Id]));
    });

    [Fact]
    public void No_slot_is_lost_doubled_or_moved_twice() => Clusters.Sample(shards =>
    {
        IReadOnlyList<SlotTransfer> plan = RebalancePlanner.Plan(shards);
        Dictionary<string, List<int>> after = Apply(shards, plan);

        Assert.Equal(shards.SelectMany(shard => shard.Slots).Order(), after.Values.SelectMany(slots => slots).Order());
        Assert.Distinct(plan.SelectMany(transfer => transfer.Slots));
        Assert.DoesNotContain(plan, transfer => transfer.From == transfer.To || transfer.Slots.Count == 0);
        Assert.All(plan, transfer => Assert.Equal(transfer.Slots.Order(), transfer.Slots));
    });

    [Fact]
    public void No_more_is_moved_than_what_stands_above_the_shares() => Clusters.Sample(shards =>
    {
        int[] shares = RebalancePlanner.Shares(shards);
        Assert.Equal(
            shards.Zip(shares).Sum(pair => Math.Max(0, pair.First.Slots.Count - pair.Second)),
            RebalancePlanner.Plan(shards).Sum(transfer => transfer.Slots.Count));
    });

    /// <summary>Against all ways to round the shares.</summary>
    [Fact]
    public void No_other_rounding_needs_fewer_moves() => Clusters.Sample(shards =>
    {
        int total = shards.Sum(shard => shard.Slots.Count), weights = shards.Sum(shard => shard.Weight);
        int least = int.MaxValue;
        for (int ups = 0; ups < 1 << shards.Length; ups++)
        {
            int[] shares = [.. shards.Select((shard, i) => (total * shard.Weight / weights) + ((ups >> i) & 1))];
            bool isRounding = shares.Sum() == total && shards.Select((shard, i) => (ups >> i & 1) == 0 || total * shard.Weight % weights > 0).All(isRounded => isRounded);
            if (isRounding) least = Math.Min(least, shards.Zip(shares).Sum(pair => Math.Max(0, pair.First.Slots.Count - pair.Second)));
        }

        Assert.Equal(least, RebalancePlanner.Plan(shards).Sum(transfer => transfer.Slots.Count));
    });

    [Fact]
    public void What_is_balanced_is_left_alone() => Clusters.Sample(shards =>
    {
        Dictionary<string, List<int>> after = Apply(shards, RebalancePlanner.Plan(shards));
        Assert.Empty(RebalancePlanner.Plan([.. shards.Select(shard => shard with { Slots = [.. after[shard.Id].Order()] })]));
    });

    [Fact]
    public void Somebody_must_be_there_to_own_the_slots() =>
        Assert.Throws<ArgumentException>(() => RebalancePlanner.Plan([Load("a", 0, 9) with { Weight = 0 }]));

    [Fact]
    public void Slots_read_as_they_are_written() => Gen.Int[0, SlotRanges.Count - 1].HashSet[1, 60].Sample(chosen =>
    {
        int[] slots = [.. chosen.Order()];
        Assert.Null(SlotRanges.Parse(SlotRanges.Text(slots), out IReadOnlyList<int> read));
        Assert.Equal(slots, read);
        Assert.Equal(slots, SlotRanges.Slots(SlotRanges.Pairs(slots)));
    });

    private static ShardLoad Load(string id, int first, int last) => new(id, 1, [.. Enumerable.Range(first, last - first + 1)]);

    private static ShardLoad[] Loads(int[] weights, int[] owners) =>
    [
        .. weights.Select((weight, i) => new ShardLoad($"{i}", weight, [.. Enumerable.Range(0, owners.Length).Where(slot => owners[slot] == i)])),
    ];

    private static Dictionary<string, List<int>> Apply(IReadOnlyList<ShardLoad> shards, IReadOnlyList<SlotTransfer> plan)
    {
        var after = shards.ToDictionary(shard => shard.Id, shard => shard.Slots.ToList());
        foreach (SlotTransfer transfer in plan)
        {
            foreach (int slot in transfer.Slots) Assert.True(after[transfer.From].Remove(slot), $"{transfer.From} does not have {slot}");
            after[transfer.To].AddRange(transfer.Slots);
        }

        return after;
    }
}
