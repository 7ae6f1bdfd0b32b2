using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary><c>POST /cluster/forget</c>: a node is gone for good, and every node drops what it knows of it.</summary>
internal sealed class ForgetEndpoint(Elsewhere elsewhere)
{
    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        if (await OperatorBody.TakeAsync(context, "node").ConfigureAwait(false) is not { } body) return;
        if (!body.Fields.TryNode("node", out NodeId node) || node.IsNone)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.BodyMalformed, """the body is {"node":"ID"}, 32 hexadecimal digits""").ConfigureAwait(false);
            return;
        }

        await ((elsewhere.Cluster?.Forget(node) ?? ForgetOutcome.Unknown) switch
        {
            ForgetOutcome.Forgotten => Page.SendAsync(context, Headers.Json, OperatorText.One("forgotten", node.ToString())),
            ForgetOutcome.IsAlive => ProblemAnswer.SendAsync(context, ProblemTable.NodeAlive, $"node {node} is alive and would only make itself known again: stop it, wait until /cluster calls it unreachable, and ask again"),
            _ => ProblemAnswer.SendAsync(context, ProblemTable.NodeUnknown, $"no node {node} is known here; GET /cluster tells the nodes"),
        }).ConfigureAwait(false);
    }
}
