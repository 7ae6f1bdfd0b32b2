using System.CommandLine;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster forget NODE</c>.</summary>
internal static class ForgetWord
{
    public static Command Create(ClusterWord common)
    {
        var node = new Argument<string>("NODE") { Description = "A node that is gone for good; its whole id if no shard lists it" };
        return common.Acting("forget", "Drops what the cluster knows of a node that is gone", (parse, _, view) => Forget(view, parse.GetRequiredValue(node)), node);
    }

    private static Plan Forget(ClusterView view, string name)
    {
        string? unknown = view.Find(name, out (ShardJson Shard, MemberJson Member) node);
        if (unknown is not null && !ClusterView.IsId(name)) return Plan.Refused(unknown);

        string id = unknown is null ? node.Member.Id : name;
        List<string> does = [$"tells every node to drop the addresses and the state it knows of node {(unknown is null ? ClusterView.Name(node.Member) : id)}, and not to look for it any more"];
        if (unknown is null) does.Add($"it stays a member of shard {ClusterView.Name(node.Shard)}: that is undone by remove");
        if (unknown is null && node.Member.Reachable is true) does.Add("it is reachable now, so it will make itself known again");
        return new Intention
        {
            Does = does,
            Needs = ["a node that does not run; one that runs makes itself known again"],
            Requests = [Request.Post("/cluster/forget", new ForgetRequest(id), Wire.Default.ForgetRequest)],
        };
    }
}
