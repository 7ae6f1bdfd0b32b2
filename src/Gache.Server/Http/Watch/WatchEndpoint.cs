using Gache.Cluster;
using Gache.Replication;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;
using Gache.Server.Http.Routing;
using Gache.Server.Metrics;

namespace Gache.Server.Http.Watch;

/// <summary><c>GET /watch</c>: tells changes of keys as they happen, from all shards over one connection.</summary>
internal sealed class WatchEndpoint(Elsewhere elsewhere, WatchCounters counters)
{
    private const string LastEventId = "Last-Event-ID";

    /// <summary>Answers, for as long as the client stays.</summary>
    public async Task AnswerAsync(HttpContext context, IShard? shard, Func<Watches>? source, string query)
    {
        HttpRequest request = context.Request;
        if (request.Method != HttpMethods.Get)
        {
            context.Response.Headers.Allow = HttpMethods.Get;
            await ProblemAnswer.SendAsync(context, ProblemTable.MethodNotAllowed, "a watch takes GET").ConfigureAwait(false);
            return;
        }

        if (shard is null || source is null)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting").ConfigureAwait(false);
            return;
        }

        if (WatchQuery.Parse(query, out WatchQuery asked, out string detail) is { } problem)
        {
            await ProblemAnswer.SendAsync(context, problem, detail).ConfigureAwait(false);
            return;
        }

        if (LeaderToAsk(shard) is { } leader)
        {
            await Redirect.SendAsync(context, leader).ConfigureAwait(false);
            return;
        }

        // A client that connects again by itself keeps its URL, and says in the header how far it has come since.
        string? last = request.Headers.TryGetValue(LastEventId, out Microsoft.Extensions.Primitives.StringValues given) && given.Count > 0 ? given.ToString() : asked.From;
        WatchStart start = await source().BeginAsync(asked.Filter, last).ConfigureAwait(false);
        if (start.Watcher is not { } watcher)
        {
            // One may have been elected meanwhile.
            string? elected = start.Why is WatchRefusal.NoPlace or WatchRefusal.Refused ? LeaderToAsk(shard) : null;
            await (elected is null ? RefuseAsync(context, start) : Redirect.SendAsync(context, elected)).ConfigureAwait(false);
            return;
        }

        using (watcher)
        {
            context.Response.Headers.ContentType = Headers.EventStream;
            using CancellationTokenRegistration gone = context.RequestAborted.UnsafeRegister(static watcher => ((Watcher)watcher!).GiveUp(), watcher);
            long began = RequestTime.Now;
            counters.Opened();
            try
            {
                await watcher.RunAsync(new EventSink(context, counters)).ConfigureAwait(false);
            }
            finally
            {
                counters.Closed();
            }

            RequestTime.Note(context, RequestTime.Spent.ByClient, began); // that it took long is no fault
        }
    }

    /// <summary>Without a cluster port nothing can be read of other members: the leader has what they have.</summary>
    private string? LeaderToAsk(IShard shard) =>
        elsewhere.Cluster is null && shard.Status is { Role: not ReplicaRole.Leader, IsLeaderHeard: true, LeaderApi: { } leader } ? leader : null;

    private static Task RefuseAsync(HttpContext context, WatchStart start) => start.Why switch
    {
        WatchRefusal.TooMany => ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, $"{WatchBounds.MaxWatchers} watch at this node already: ask another one"),
        WatchRefusal.CursorMalformed => ProblemAnswer.SendAsync(
            context, ProblemTable.ParameterMalformed, "from= or Last-Event-ID is no id of a watch of the same key or prefix in this cluster, or was cut off"),
        WatchRefusal.Compacted => ProblemAnswer.SendAsync(
            context, ProblemTable.WatchCompacted, "what came after this id is in no history any more: read the keys anew, and watch without it"),
        WatchRefusal.HistoryUnreachable => ProblemAnswer.SendAsync(
            context, ProblemTable.HistoryUnreachable, "a member that may have what came after this id does not answer, and the others do not have it: ask again, best at another node"),
        WatchRefusal.Refused => RefusalAnswer.SendAsync(context, start.Refusal!),
        WatchRefusal.ShuttingDown => ProblemAnswer.SendAsync(context, ProblemTable.ShuttingDown, "this node is stopping: ask another one"),
        _ => ProblemAnswer.SendAsync(context, ProblemTable.NoLeader, "some slot of these keys is served by nobody at this moment, or no leader of its shard answers"),
    };
}
