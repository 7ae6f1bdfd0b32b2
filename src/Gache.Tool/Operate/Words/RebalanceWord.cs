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
            "rebalance", "Spreads the slots evenly over the shards with the fewest moves",
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
        if (transfers.Count == 0) return Plan.Nothing("every shard has its share: nothing is to be moved");

        int[] shares = RebalancePlanner.Shares(loads);
        return MoveWord.Carry(view, [.. transfers], loads.Select((load, i) =>
            string.Create(CultureInfo.InvariantCulture, $"shard {ClusterView.Short(load.Id)} has {load.Slots.Count} slots and will have {shares[i]}")));
    }

    private static bool TryParse(string text, out string shard, out int weight)
    {
        int equals = text.LastIndexOf('=');
        shard = equals > 0 ? text[..equals] : "";
        weight = 0;
        return equals > 0 && int.TryParse(text.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out weight) && weight <= MaxWeight;
    }
}
