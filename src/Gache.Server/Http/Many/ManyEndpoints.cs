using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Routing;
using Gache.Store;
using Microsoft.Net.Http.Headers;

namespace Gache.Server.Http.Many;

/// <summary><c>/keys</c>, <c>/batch</c> and <c>/txn</c>. Any node may be asked.</summary>
internal sealed class ManyEndpoints
{
    private readonly Elsewhere elsewhere;
    private readonly ListKeys list;
    private readonly DeleteKeys deletions;
    private readonly BatchEndpoint batch;
    private readonly TxnEndpoint transactions;

    /// <summary>Makes them.</summary>
    /// <param name="settings">The bounds.</param>
    /// <param name="elsewhere">The way to other nodes.</param>
    /// <param name="watches">The node's watches; null while it starts.</param>
    public ManyEndpoints(ApiSettings settings, Elsewhere elsewhere, Func<Watches?> watches)
    {
        this.elsewhere = elsewhere;
        var places = new SlotPlaces(elsewhere);
        var work = new ManyWork(settings, elsewhere);
        var answers = new BodyBudget(ManyLimits.MaxAnswerBytes);
        SlowClients clients = elsewhere.Clients;
        list = new ListKeys(work, places, elsewhere, answers, clients, watches);
        deletions = new DeleteKeys(work, places, elsewhere);
        batch = new BatchEndpoint(settings, new BatchRun(work, places, elsewhere), new BodyBudget(settings.BatchBodiesBytes), answers, clients);
        transactions = new TxnEndpoint(settings, elsewhere, new BodyBudget(settings.BatchBodiesBytes), clients); // not the batches': a slow reader of one keeps its share
    }

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context, IShard? shard, ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        if (shard is null) return ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting");
        if (path is "/keys") return AnswerKeysAsync(context, shard, query);
        if (context.Request.Method != HttpMethods.Post) return RefuseMethod(context, "POST", path.ToString());
        if (!query.IsEmpty) return ProblemAnswer.SendAsync(context, ProblemTable.ParameterUnknown, $"{path} takes a JSON body and no parameters");
        if (HeaderOfOneKey(context.Request.Headers, takesIdempotencyKey: path is "/txn") is { } header)
        {
            return ProblemAnswer.SendAsync(context, ProblemTable.HeaderUnsupported, path is "/txn"
                ? $"{header} is of one key: say it in 'compare'"
                : $"{header} is of one key: each line has its own \"if_match\", \"if_none_match\" and \"idempotency_key\"");
        }

        // A shard without cluster port has one leader for all keys: it is named before a body is read that would have to be sent there anyway.
        if (elsewhere.Cluster is null && shard.Status is { Role: not ReplicaRole.Leader, IsLeaderHeard: true, LeaderApi: { } leader })
            return elsewhere.ToLeaderAsync(context, leader, null);
        return path is "/batch" ? batch.AnswerAsync(context, shard) : transactions.AnswerAsync(context, shard);
    }

    private Task AnswerKeysAsync(HttpContext context, IShard shard, ReadOnlySpan<char> rawQuery)
    {
        string method = context.Request.Method;
        bool isDelete = method == HttpMethods.Delete;
        if (!isDelete && method != HttpMethods.Get && method != HttpMethods.Head)
            return RefuseMethod(context, "GET, HEAD, DELETE", "/keys");
        if (isDelete && HeaderOfOneKey(context.Request.Headers, takesIdempotencyKey: false) is { } header)
            return ProblemAnswer.SendAsync(context, ProblemTable.HeaderUnsupported, $"{header} is of one key, and a deletion by prefix is of many; it may be repeated without harm");
        return ManyQuery.Parse(rawQuery, isDelete, out ManyQuery query, out string detail) is { } wrong
            ? ProblemAnswer.SendAsync(context, wrong, detail)
            : isDelete ? deletions.AnswerAsync(context, shard, query) : list.AnswerAsync(context, shard, query);
    }

    /// <summary>A header that makes a write of one key safe and would be passed over here; null if there is none.</summary>
    private static string? HeaderOfOneKey(IHeaderDictionary headers, bool takesIdempotencyKey) =>
        headers.ContainsKey(HeaderNames.IfMatch) ? HeaderNames.IfMatch
        : headers.ContainsKey(HeaderNames.IfNoneMatch) ? HeaderNames.IfNoneMatch
        : !takesIdempotencyKey && headers.ContainsKey(Headers.IdempotencyKey) ? Headers.IdempotencyKey
        : null;

    private static Task RefuseMethod(HttpContext context, string allowed, string path)
    {
        context.Response.Headers.Allow = allowed;
        return ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, $"{path} takes {allowed}");
    }
}

/// <summary>Carries out pages and steps where the leader is: here, or at a peer.</summary>
internal sealed class ManyWork(ApiSettings settings, Elsewhere elsewhere)
{
    /// <summary>Reads the next keys.</summary>
    /// <returns>The page; refused if its first slot is not served by the shard that was asked.</returns>
    public async Task<(ScanPage? Page, Refusal? Refusal)> ScanAsync(IShard own, ClusterPeer? peer, ScanQuery query)
    {
        (ScanPage? page, Refusal? refusal) = await (peer is null ? ShardWork.ScanAsync(own, query) : Calls.ScanAsync(peer, query)).ConfigureAwait(false);
        bool isOthers = page is { End: ScanEnd.NotServed, Keys.Count: 0 } && page.Next.Slot == query.From.Slot;
        return isOthers ? (null, new Refusal(RefusalCode.NotServed, $"slot {query.From.Slot} is not served by the shard that was asked")) : (page, refusal);
    }

    /// <summary>Carries out steps.</summary>
    public Task<StepEnd[]> RunAsync(IShard own, ClusterPeer? peer, IReadOnlyList<Step> steps) =>
        peer is null ? ShardWork.RunAsync(own, steps) : Calls.RunAsync(peer, steps);

    // Only a node of a cluster has peers.
    private ManyCalls Calls => new(elsewhere.Forwarding!.Calls, settings.ForwardTimeout);
}
