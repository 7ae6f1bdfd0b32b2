using System.CommandLine;
using Gache.Tool.CommandLine;
using Gache.Tool.Operate.Act;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary><c>./gache cluster replace NODE --with HOST:RAFTPORT</c>: first one voter more, then the old one less, so there is never one too few.</summary>
/// <remarks>Nothing of it is kept by the command: what is left to do is read from the cluster, so the same line typed again goes on.</remarks>
internal static class ReplaceWord
{
    private const string GoesOn = "some time, while the new member catches up; if this command ends meanwhile, the same line typed again goes on";

    public static Command Create(ClusterWord common)
    {
        Argument<string> node = MemberWords.NodeArgument("The member that is to go; it may be dead");
        Option<string?> with = Address.Option("--with", "HOST:RAFTPORT", "Raft address of the node that takes its place");
        with.Required = true;
        return common.Acting(
            "replace", "Replaces a member by a new one: adds that, waits until it votes, removes the old one",
            (parse, _, view) => Replace(view, parse.GetRequiredValue(node), parse.GetValue(with)!), node, with);
    }

    private static Plan Replace(ClusterView view, string name, string address)
    {
        (ShardJson Shard, MemberJson Member)[] there = [.. view.Members.Where(pair => pair.Member.Raft == address)];
        if (view.Find(name, out (ShardJson Shard, MemberJson Member) old) is { } unknown)
        {
            return there is [var settled] && MemberWords.IsVoter(settled.Member) && !view.Members.Any(pair => ClusterView.Means(pair.Member, name))
                ? Plan.Nothing($"{address} is {ClusterView.Name(settled.Member)}, which votes in shard {ClusterView.Name(settled.Shard)}, and no member '{name}' is left: there is nothing to do")
                : Plan.Refused($"{unknown}; nodes of other shards forget one that is gone for long: name a member of its shard with --at");
        }

        (ShardJson Shard, MemberJson Member)[] others = [.. there.Where(pair => pair.Member.Id != old.Member.Id)];
        if (others.Any(pair => pair.Shard.Shard != old.Shard.Shard))
            return Plan.Refused($"{address} is {ClusterView.Name(others[0].Member)}, a member of shard {ClusterView.Name(others[0].Shard)}");
        bool isSameAddress = old.Member.Raft == address;
        if (isSameAddress && old.Member.Reachable is true)
            return Plan.Refused($"{address} is the address of {ClusterView.Name(old.Member)} itself, which is alive there: stop it, and start the new node in its place with an empty folder");

        MemberJson? present = others.FirstOrDefault().Member;
        Removal going = Removal.Of(old.Shard, old.Member);
        return new Intention
        {
            Does = [.. Steps(old.Shard, old.Member, present, address)],
            Needs = [.. present is null ? [MemberWords.WaitingNode] : Array.Empty<string>(), "a majority of the voters at each of these steps, the last one's without the member that goes", GoesOn],
            Requests = present is null ? [Request.Post(MemberWords.Path, new MembersRequest(Add: address, Shard: old.Shard.Shard), Wire.Default.MembersRequest)] : [],
            Replacement = new Replacement(old.Shard.Shard, old.Member, address, going.Request, going.Staying),
        };
    }

    private static IEnumerable<string> Steps(ShardJson shard, MemberJson old, MemberJson? present, string address)
    {
        yield return present is null ? $"adds the node at {address} to shard {ClusterView.Name(shard)}: as a learner, which votes by itself when it has caught up"
            : MemberWords.IsVoter(present) ? $"{address} is {ClusterView.Name(present)} already, which votes in shard {ClusterView.Name(shard)}"
            : $"{address} is {ClusterView.Name(present)} already, a learner of shard {ClusterView.Name(shard)}: waits until it votes";
        string what = $"removes {ClusterView.Name(old)}, {old.Role}, from it; what that keeps of the shard counts for nothing any more";
        yield return present is not null && MemberWords.IsVoter(present) ? what : $"when the new member votes, {what}";

        int before = shard.Members.Count(MemberWords.IsVoter);
        int after = before + (present is null || !MemberWords.IsVoter(present) ? 1 : 0) - (MemberWords.IsVoter(old) ? 1 : 0);
        yield return MemberWords.Left(after, before);
    }
}
