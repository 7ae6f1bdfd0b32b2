using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary><c>POST /cluster/transfer</c>: hands the leadership of a shard to another voter.</summary>
internal sealed class TransferEndpoint(ShardLeaders leaders)
{
    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        if (await OperatorBody.TakeAsync(context, "shard", "to").ConfigureAwait(false) is not { } body) return;
        if (!body.Fields.TryShard("shard", out ShardId named) || !body.Fields.TryNode("to", out NodeId to))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, """the body is {"shard":"SHARD","to":"NODE"}, either may be missing; ids have 32 hexadecimal digits""").ConfigureAwait(false);
            return;
        }

        ShardId concerned = !named.IsNone ? named : to.IsNone ? shard.Status.Shard : leaders.ShardOf(shard, to);
        if (concerned.IsNone)
        {
            await (to.IsNone
                ? ProblemAnswer.SendAsync(context, ProblemTable.ShardUnknown, "this node belongs to no shard: name one, as \"shard\"")
                : ProblemAnswer.SendAsync(context, ProblemTable.NodeUnknown, $"no node {to} is known here; GET /cluster tells the nodes")).ConfigureAwait(false);
            return;
        }

        LeaderPlace place = leaders.Find(shard, concerned);
        if (!place.IsHere)
        {
            await leaders.PassOnAsync(context, place, concerned, body.Bytes).ConfigureAwait(false);
            return;
        }

        MemberAnswer answer = await shard.TransferLeadershipAsync(to).ConfigureAwait(false);
        if (Declined.Of(answer) is { } declined)
        {
            await declined.SendAsync(context).ConfigureAwait(false);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await Page.SendAsync(context, Headers.Json, OperatorText.Of(("shard", concerned.ToString()), ("leader", shard.Status.LeaderApi ?? ""))).ConfigureAwait(false);
    }
}
