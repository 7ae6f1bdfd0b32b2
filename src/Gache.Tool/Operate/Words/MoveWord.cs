using System.CommandLine;
using System.Text.Json;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.Balance;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster move SLOTS --to SHARD</c>, and <c>--abort</c>.</summary>
internal static class MoveWord
{
    private const string Path = "/cluster/move";

    public static Command Create(ClusterWord common)
    {
        Argument<IReadOnlyList<int>> slots = SlotsArgument.Create();
        var to = new Option<string?>("--to") { HelpName = "SHARD", Description = "The shard that is to own them" };
        var abort = new Option<bool>("--abort") { Description = "Stops moves of these slots that have not changed hands yet" };
        Command word = common.Acting(
            "move", "Moves slots to another shard while all of them are served",
            (parse, _, view) => parse.GetValue(abort) ? Abort(parse.GetRequiredValue(slots)) : Move(view, parse.GetRequiredValue(slots), parse.GetValue(to)!),
            slots, to, abort);
        word.Validators.Add(result =>
        {
            if ((result.GetResult(to) is not null) == result.GetValue(abort)) result.AddError("move takes either --to SHARD or --abort");
        });
        return word;
    }

    /// <summary>The plan to move <paramref name="slots"/> to one shard.</summary>
    public static Plan Move(ClusterView view, IReadOnlyList<int> slots, string to)
    {
        if (view.Find(to, out ShardJson target) is { } unknown) return Plan.Refused(unknown);
        ShardJson?[] owners = view.Owners();
        int[] holes = [.. slots.Where(slot => owners[slot] is null)];
        if (holes.Length > 0) return Plan.Refused($"slots {SlotRanges.Text(holes, 8)} have no owner that could give them away");

        SlotTransfer[] transfers =
        [
            .. slots.GroupBy(slot => owners[slot]!.Shard)
                .Where(group => group.Key != target.Shard)
                .Select(group => new SlotTransfer(group.Key, target.Shard, [.. group])),
        ];
        return transfers.Length == 0 ? Plan.Nothing($"shard {ClusterView.Name(target)} owns them already") : Carry(view, transfers, []);
    }

    /// <summary>The intention to carry out <paramref name="transfers"/>, one request each: it concerns one giver and one taker.</summary>
    public static Intention Carry(ClusterView view, IReadOnlyCollection<SlotTransfer> transfers, IEnumerable<string> before) => new()
    {
        Does =
        [
            .. before,
            .. transfers.Select(transfer =>
                $"moves {transfer.Slots.Count} slots from shard {Name(view, transfer.From)} to shard {Name(view, transfer.To)}: {SlotRanges.Text(transfer.Slots, 8)}"),
            "keys, revisions, expiry and idempotency records go along; a slot is not served for an instant, when it changes hands, and is answered 503 then, to be sent again",
        ],
        Needs =
        [
            $"a leader in each of these shards, and memory for the keys in {Taking(view, transfers)}",
            "nothing of this command: the moves go on by themselves through crashes and failovers; ./gache cluster move SLOTS --abort stops those that have not changed hands",
        ],
        Requests = [.. transfers.Select(transfer => Request.Post(Path, new MoveRequest(SlotRanges.Pairs(transfer.Slots), transfer.To), Wire.Default.MoveRequest))],
        Goal = transfers.SelectMany(transfer => transfer.Slots.Select(slot => (slot, transfer.To))).ToDictionary(pair => pair.slot, pair => pair.To),
    };

    private static Plan Abort(IReadOnlyList<int> slots) => new Intention
    {
        Does = [$"stops moves of {SlotRanges.Text(slots, 8)}: their present owners keep them, at a higher epoch, and the copies at the targets are dropped"],
        Needs = ["slots that have not changed hands yet; the others arrive, and can be moved back"],
        Requests = [new Request(HttpMethod.Delete, Path, JsonSerializer.SerializeToUtf8Bytes(new AbortRequest(SlotRanges.Pairs(slots)), Wire.Default.AbortRequest))],
        Afterwards = answer => answer?.Read(Wire.Default.KeptJson)?.Kept switch
        {
            0 => "nothing was on its way",
            { } kept => $"done: {kept} {(kept == 1 ? "slot stays" : "slots stay")} with {(kept == 1 ? "its owner" : "their owners")}",
            null => "done; ./gache cluster show tells how it goes on",
        },
    };

    private static string Name(ClusterView view, string shard) => ClusterView.Name(view.Shards.First(candidate => candidate.Shard == shard));

    private static string Taking(ClusterView view, IEnumerable<SlotTransfer> transfers) =>
        string.Join(", ", transfers.Select(transfer => transfer.To).Distinct().Select(shard => ClusterView.Short(view.Shards.First(candidate => candidate.Shard == shard).Shard)));
}
