using System.CommandLine;
using System.Globalization;
using Gache.Tool.CommandLine;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster add</c> and <c>remove</c>: who keeps a shard.</summary>
internal static class MemberWords
{
    /// <summary>Where both are asked for.</summary>
    public const string Path = "/cluster/members";

    /// <summary>What a new member is before it is one.</summary>
    public const string WaitingNode =
        "a node that waits there: started with --raft-addr of that address and --raft-join of a member that is alive, with an empty folder";

    public static Command Add(ClusterWord common)
    {
        Argument<string> address = Address.Argument("HOST:RAFTPORT", "Raft address of the node that is to keep the shard, too");
        var to = new Option<string?>("--to") { HelpName = "SHARD", Description = "The shard [that of the node at --at]" };
        return common.Acting(
            "add", "Adds a member to a shard",
            (parse, at, view) => Add(view, at, parse.GetRequiredValue(address), parse.GetValue(to)), address, to);
    }

    public static Command Remove(ClusterWord common)
    {
        Argument<string> node = NodeArgument("The member that is to go");
        return common.Acting("remove", "Removes a member from its shard", (parse, _, view) => Remove(view, parse.GetRequiredValue(node)), node);
    }

    /// <summary>The member that is to go.</summary>
    public static Argument<string> NodeArgument(string description) => new("NODE") { Description = description };

    private static Plan Add(ClusterView view, string at, string address, string? to)
    {
        string where = $"the shard of the node at {at}";
        string? leader = null;
        ShardJson shard;
        if (to is not null)
        {
            if (view.Find(to, out shard) is { } unknown) return Plan.Refused(unknown);
            if (shard.Leader.Length == 0) return Plan.Refused($"shard {ClusterView.Name(shard)} has no leader now that could be asked");
            (where, leader) = ($"shard {ClusterView.Name(shard)}", shard.Leader);
        }
        else if (view.Find(at, out shard) is null)
        {
            where = $"shard {ClusterView.Name(shard)}";
        }

        if (view.Members.FirstOrDefault(pair => pair.Member.Raft == address) is { Member: { } known } found)
            return Plan.Refused($"{address} is {ClusterView.Name(known)}, a member of shard {ClusterView.Name(found.Shard)}; replace takes the place of a member");
        return new Intention
        {
            Does = [$"adds the node at {address} to {where}: as a learner, which votes by itself when it has caught up"],
            Needs = [WaitingNode, "a majority of the present members, which commits the change"],
            Requests = [Request.Post(Path, new MembersRequest(Add: address), Wire.Default.MembersRequest)],
            At = leader,
        };
    }

    private static Plan Remove(ClusterView view, string name)
    {
        if (view.Find(name, out (ShardJson Shard, MemberJson Member) node) is { } unknown) return Plan.Refused(unknown);
        List<string> does = [$"removes {ClusterView.Name(node.Member)}, {node.Member.Role}, from shard {ClusterView.Name(node.Shard)}; what it keeps of the shard counts for nothing any more"];
        int voters = node.Shard.Members.Count(IsVoter);
        if (voters > 1 && node.Member.Api is { Length: > 0 } api && api == node.Shard.Leader)
            does.Add("it leads, so it hands over to another voter first, and is removed by that; requests wait for the moment that takes");
        if (IsVoter(node.Member)) does.Add(Left(voters - 1, voters));
        List<string> needs = ["a majority of the members before and of those after"];
        if (IsVoter(node.Member) && voters == 1) needs.Add("another voter, or the shard would be lost: add one first, or take its slots off (rebalance --drain) and stop the node");
        return new Intention { Does = does, Needs = needs, Requests = [], Removal = Removal.Of(node.Shard, node.Member) };
    }

    /// <summary>What so many voters instead of so many mean.</summary>
    public static string Left(int voters, int before) => string.Create(
        CultureInfo.InvariantCulture, $"{voters} voter{(voters == 1 ? " is" : "s are")} left, of which {Failures(voters)} may fail (now {Failures(before)} of {before})");

    /// <summary>Whether a member counts.</summary>
    public static bool IsVoter(MemberJson member) => member.Role is not ("learner" or "outside" or "");

    /// <summary>How many of so many voters may fail while a majority is left.</summary>
    private static int Failures(int voters) => Math.Max(0, (voters - 1) / 2);
}
