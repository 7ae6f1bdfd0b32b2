using System.CommandLine;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster transfer SHARD [--to NODE]</c>.</summary>
internal static class TransferWord
{
    public static Command Create(ClusterWord common)
    {
        var shard = new Argument<string>("SHARD") { Description = "The shard whose leader is to change" };
        var to = new Option<string?>("--to") { HelpName = "NODE", Description = "The member that is to lead [the one that has most of the log]" };
        return common.Acting(
            "transfer", "Hands the leadership of a shard over to another member",
            (parse, _, view) => Transfer(view, parse.GetRequiredValue(shard), parse.GetValue(to)), shard, to);
    }

    private static Plan Transfer(ClusterView view, string name, string? to)
    {
        if (view.Find(name, out ShardJson shard) is { } unknown) return Plan.Refused(unknown);
        string successor = "the member that has most of the log";
        string? id = null;
        if (to is not null)
        {
            if (view.Find(to, out (ShardJson Shard, MemberJson Member) node) is { } nobody) return Plan.Refused(nobody);
            if (node.Shard.Shard != shard.Shard) return Plan.Refused($"{ClusterView.Name(node.Member)} is a member of shard {ClusterView.Name(node.Shard)}");
            if (node.Member.Api == shard.Leader) return Plan.Nothing($"{ClusterView.Name(node.Member)} leads already");
            (successor, id) = (ClusterView.Name(node.Member), node.Member.Id);
        }

        string leader = shard.Leader.Length > 0 ? shard.Leader : "nobody at present";
        return new Intention
        {
            Does = [$"shard {ClusterView.Name(shard)} is led by {leader}; hands over to {successor}; requests wait for the moment that takes"],
            Needs = ["a leader now, and a successor that votes and catches up within an election timeout; else all stays as it is"],
            Requests = [Request.Post("/cluster/transfer", new TransferRequest(shard.Shard, id), Wire.Default.TransferRequest)],
        };
    }
}
