using System.CommandLine;
using System.Globalization;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.Balance;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster rebalance</c>.</summary>
internal static class RebalanceWord
{
    private const int MaxWeight = 1_000;
    private const int MaxRanges = 8;

    public static Command Create(ClusterWord common)
    {
        var drain = new Option<string[]>("--drain") { HelpName = "SHARD", Description = "Takes all slots off this shard, so that it can be removed; may be said again" };
        var weight = new Option<string[]>("--weight")
        {
            HelpName = "SHARD=N",
            Description = $"Gives this shard N times the share of a shard without a weight, 0 to {MaxWeight}; may be said again",
        };
        weight.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (!TryParse(token.Value, out _, out _)) result.AddError($"--weight '{token.Value}' is not possible: SHARD=N with N from 0 to {MaxWeight}");
        });
        return common.Acting(
            "rebalance", "Spreads the slots evenly over the shards with the fewest moves; weights are not remembered",
            (parse, _, view) => Rebalance(view, parse.GetValue(drain) ?? [], parse.GetValue(weight) ?? []), drain, weight);
    }

    /// <summary>The plan to give each shard its share.</summary>
    public static Plan Rebalance(ClusterView view, IReadOnlyList<string> drained, IReadOnlyList<string> weighted)
    {
        var weights = view.Shards.ToDictionary(shard => shard.Shard, _ => 1);
        foreach (string text in weighted)
        {
            if (!TryParse(text, out string name, out int weight)) return Plan.Refused($"'{text}' is no weight");
            if (view.Find(name, out ShardJson shard) is { } unknown) return Plan.Refused(unknown);
            weights[shard.Shard] = weight;
        }

        foreach (string name in drained)
        {
            if (view.Find(name, out ShardJson shard) is { } unknown) return Plan.Refused(unknown);
            weights[shard.Shard] = 0;
        }

        if (weights.Values.All(weight => weight == 0)) return Plan.Refused("no shard would be left that could own the slots");

        ShardLoad[] loads = [.. view.Shards.Select(shard => new ShardLoad(shard.Shard, weights[shard.Shard], ClusterView.SlotsOf(shard)))];
        IReadOnlyList<SlotTransfer> transfers = RebalancePlanner.Plan(loads);
        int[] holes = [.. view.Owners().Index().Where(slot => slot.Item is null).Select(slot => slot.Index)];
        string unowned = string.Create(
            CultureInfo.InvariantCulture, $"slots {SlotRanges.Text(holes, MaxRanges)} ({holes.Length}) have no owner and cannot be moved: start a new shard with them (--cluster-slot)");
        if (transfers.Count == 0)
        {
            return Plan.Nothing(holes.Length == 0
                ? "every shard has its share: nothing is to be moved"
                : $"every shard has its share of the slots that are owned: nothing is to be moved; {unowned}");
        }

        int[] shares = RebalancePlanner.Shares(loads);
        IEnumerable<string> before = loads.Select((load, i) =>
            string.Create(CultureInfo.InvariantCulture, $"shard {ClusterView.Short(load.Id)} has {load.Slots.Count} slots and will have {shares[i]}"));
        if (weighted.Count + drained.Count > 0) before = before.Append("--weight and --drain count this time only: the next rebalance without them spreads the slots evenly again");
        if (holes.Length > 0) before = before.Append(unowned);
        return MoveWord.Carry(view, [.. transfers], before);
    }

    private static bool TryParse(string text, out string shard, out int weight)
    {
        int equals = text.LastIndexOf('=');
        shard = equals > 0 ? text[..equals] : "";
        weight = 0;
        return equals > 0 && int.TryParse(text.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out weight) && weight <= MaxWeight;
    }
}
