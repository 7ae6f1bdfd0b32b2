using Gache.Primitives;
using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary><c>POST /cluster/members</c>: adds a member to a shard, as <c>/join</c> does, or removes one.</summary>
/// <remarks>To replace one is to add another, wait until that votes, and remove the first: so there is never one voter less.</remarks>
internal sealed class MembersEndpoint(ShardLeaders leaders)
{
    private const string Form = """the body is {"add":"HOST:RAFTPORT"} or {"remove":"NODE"}, perhaps with "shard":"SHARD"; ids have 32 hexadecimal digits""";

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context, IShard shard)
    {
        if (await OperatorBody.TakeAsync(context, "add", "remove", "shard").ConfigureAwait(false) is not { } body) return;
        string? add = body.Fields.Text("add");
        if ((add is null) == (body.Fields.Text("remove") is null) || !body.Fields.TryNode("remove", out NodeId node) || !body.Fields.TryShard("shard", out ShardId named))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, Form).ConfigureAwait(false);
            return;
        }

        var join = new JoinRequest(add ?? "", default, null, default, default);
        if (add is not null && JoinText.AddressWords(join) is not null)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, $"'{add}' is no raft address: {Form}").ConfigureAwait(false);
            return;
        }

        ShardId concerned = !named.IsNone ? named : add is not null ? shard.Status.Shard : leaders.ShardOf(shard, node);
        if (concerned.IsNone)
        {
            await (add is not null
                ? ProblemAnswer.SendAsync(context, ProblemTable.ShardUnknown, "this node belongs to no shard: name the one to add to, as \"shard\"")
                : ProblemAnswer.SendAsync(context, ProblemTable.NodeUnknown, $"no node {node} is known here; if it was gone for long, name its shard, as \"shard\"")).ConfigureAwait(false);
            return;
        }

        LeaderPlace place = leaders.Find(shard, concerned);
        if (!place.IsHere) await leaders.PassOnAsync(context, place, concerned, body.Bytes).ConfigureAwait(false);
        else if (add is not null) await JoinEndpoint.SendAsync(context, await shard.JoinAsync(join).ConfigureAwait(false)).ConfigureAwait(false);
        else await RemoveAsync(context, shard, concerned, node, body.Bytes).ConfigureAwait(false);
    }

    private async Task RemoveAsync(HttpContext context, IShard shard, ShardId concerned, NodeId node, ReadOnlyMemory<byte> body)
    {
        // A leader that is to go hands over first: what it was asked meanwhile is then answered by the next, which removes it. Where nobody can
        // take over, it leads itself out (thesis §4.2.2), or says why not.
        if (node == shard.Status.Node && (await shard.TransferLeadershipAsync(default).ConfigureAwait(false)).IsDone)
        {
            LeaderPlace place = leaders.Find(shard, concerned);
            if (!place.IsHere)
            {
                await leaders.PassOnAsync(context, place, concerned, body).ConfigureAwait(false);
                return;
            }
        }

        MemberAnswer answer = await shard.RemoveMemberAsync(node).ConfigureAwait(false);
        await (Declined.Of(answer) is { } declined
            ? declined.SendAsync(context)
            : Page.SendAsync(context, Headers.Json, OperatorText.One("removed", node.ToString()))).ConfigureAwait(false);
    }
}
