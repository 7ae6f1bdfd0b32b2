using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;

namespace Gache.Server.Http.Cluster.Operate;

/// <summary>What an operator asks for under <c>/cluster/</c>. Any node may be asked.</summary>
internal sealed class OperatorEndpoints
{
    private readonly MoveEndpoint move;
    private readonly MovesPage moves;
    private readonly ForgetEndpoint forget;
    private readonly MembersEndpoint members;
    private readonly TransferEndpoint transfer;

    /// <summary>Makes them.</summary>
    public OperatorEndpoints(Elsewhere elsewhere)
    {
        var leaders = new ShardLeaders(elsewhere);
        move = new MoveEndpoint(leaders, elsewhere);
        moves = new MovesPage(leaders, elsewhere);
        forget = new ForgetEndpoint(elsewhere);
        members = new MembersEndpoint(leaders);
        transfer = new TransferEndpoint(leaders);
    }

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context, IShard? shard, ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        if (shard is null) return ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting");
        if (path is "/cluster/moves") return moves.AnswerAsync(context, shard, query);
        if (!query.IsEmpty) return ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, $"{path} takes a JSON body and no parameters");
        if (path is "/cluster/move") return move.AnswerAsync(context, shard);
        if (context.Request.Method != HttpMethods.Post)
        {
            context.Response.Headers.Allow = "POST";
            return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"{path} takes POST");
        }

        return path switch
        {
            "/cluster/forget" => forget.AnswerAsync(context),
            "/cluster/members" => members.AnswerAsync(context, shard),
            _ => transfer.AnswerAsync(context, shard),
        };
    }
}
