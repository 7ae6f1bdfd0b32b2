using Gache.Cluster;
using Gache.Server.Http.Cluster;
using Gache.Server.Http.Cluster.Operate;
using Gache.Server.Http.Docs;
using Gache.Server.Http.Health;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Many;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;
using Gache.Server.Http.Routing;
using Gache.Server.Http.Watch;
using Gache.Server.Metrics;
using Microsoft.AspNetCore.Connections;

namespace Gache.Server.Http;

/// <summary>The one way in: picks what answers by the raw target, before anything decodes or normalises it.</summary>
internal sealed partial class Dispatcher
{
    internal const string KeyPrefix = "/key/";

    private readonly RequestLog requests;
    private readonly MetricsPage metrics;
    private readonly ILogger<Dispatcher> log;
    private readonly OriginRule origins;
    private readonly Elsewhere elsewhere;
    private readonly KeyEndpoint keys;
    private readonly ClusterPage cluster;
    private readonly JoinEndpoint join;
    private readonly OperatorEndpoints operators;
    private readonly ManyEndpoints many;
    private readonly HelpPage help;
    private readonly WatchEndpoint watch;
    private readonly OpenApiPage openApi;
    private readonly DocsPage docs;

    private volatile IShard? shard;
    private volatile Func<Watches>? watches;
    private volatile bool isStopping;

    /// <summary>Makes the way in; keys are refused until <see cref="Serve"/>.</summary>
    public Dispatcher(ApiSettings settings, JoinHop joins, HttpCounters counters, MetricsPage metrics, ILogger<Dispatcher> log, Func<long>? microseconds = null)
    {
        (this.metrics, this.log) = (metrics, log);
        requests = new RequestLog(settings, counters, () => shard, log, microseconds);
        origins = new OriginRule(settings);
        elsewhere = new Elsewhere(settings.Routing);
        keys = new KeyEndpoint(settings, new BodyBudget(), elsewhere);
        cluster = new ClusterPage(settings);
        join = new JoinEndpoint(joins);
        operators = new OperatorEndpoints(elsewhere);
        many = new ManyEndpoints(settings, elsewhere, () => watches?.Invoke());
        help = new HelpPage(settings);
        watch = new WatchEndpoint(elsewhere, counters.Watches);
        openApi = new OpenApiPage(settings);
        docs = new DocsPage(settings);
    }

    /// <summary>How requests get to other nodes.</summary>
    public Elsewhere Elsewhere => elsewhere;

    /// <summary>The shard, or null while the node starts.</summary>
    public IShard? Shard => shard;

    /// <summary>Lets requests through to the shard; before, they are told that the node is starting.</summary>
    public void Serve(IShard ready) => shard = ready;

    /// <summary>Makes <c>/readyz</c> say that the node is stopping, so that load balancers turn away, and ends watches, which would never end by themselves.</summary>
    public void BeginStop()
    {
        isStopping = true;
        watches?.Invoke().Stop();
    }

    /// <summary>Lets watches begin.</summary>
    /// <param name="source">Gives the node's watches to whoever is about to use them.</param>
    public void Watch(Func<Watches> source) => watches = source;

    /// <summary>Whether this node should get traffic now.</summary>
    /// <param name="isOfCluster">Whether every slot of the cluster must have an owner, too.</param>
    public Readiness JudgeReadiness(bool isOfCluster = false) => Readiness.Of(shard?.Status, isStopping, elsewhere.Cluster, isOfCluster);

    /// <summary>Answers a request.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        long began = requests.Begin();
        try
        {
            Task answer = Route(context);
            if (!answer.IsCompletedSuccessfully) return GuardAsync(context, answer, began);
            requests.Ended(context, began);
            return answer;
        }
#pragma warning disable CA1031 // Whatever it is: the client gets a problem, never a stack trace.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return AnswerFaultAsync(context, fault, began);
        }
    }

    private Task Route(HttpContext context)
    {
        Target target = Target.Parse(RawTarget.Of(context));
        bool isKey = target.Path.StartsWith(KeyPrefix, StringComparison.Ordinal);
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = isKey ? Headers.KeyCaching : Headers.NoStore;
        headers.XContentTypeOptions = Headers.NoSniff;

        if (ForwardedHop.CountOf(context) == 0 && origins.Check(context) is { } answered) return answered; // else checked where the client asked
        if (!isKey) return RouteRest(context, target);
        return shard is { } ready
            ? keys.AnswerAsync(context, ready, target.Path[KeyPrefix.Length..], target.Query)
            : ProblemAnswer.SendAsync(context, ProblemTable.NotServing, "the node is starting");
    }

    private Task RouteRest(HttpContext context, Target target)
    {
        switch (target.Path)
        {
            case "/": return help.AnswerAsync(context);
            case "/livez": return HealthPages.AnswerLiveAsync(context);
            case "/readyz": return HealthPages.AnswerReadyAsync(context, this, target.Query);
            case "/cluster": return cluster.AnswerAsync(context, shard?.Status, elsewhere.Cluster);
            case "/join" when context.Request.Method == HttpMethods.Get && OriginRule.CheckChangingGet(context) is { } refused: return refused;
            case "/join": return join.AnswerAsync(context, shard, target.Query);
            case "/join/folder": return FolderPage.AnswerAsync(context, shard);
            case "/metrics": return metrics.AnswerAsync(context);
            case "/openapi.json": return openApi.AnswerAsync(context);
            case "/docs": return docs.AnswerAsync(context);
            case "/docs/scalar.js": return ScalarScript.AnswerAsync(context);
            case "/key": return ProblemAnswer.SendAsync(context, ProblemTable.KeyEmpty, "a key has at least one byte: /key/{key}");
            case "/keys" or "/batch" or "/txn": return many.AnswerAsync(context, shard, target.Path, target.Query);
            case "/watch":
                return watch.AnswerAsync(context, shard, watches, target.Query.ToString());
            case "/cluster/move" or "/cluster/moves" or "/cluster/forget" or "/cluster/members" or "/cluster/transfer":
                return operators.AnswerAsync(context, shard, target.Path, target.Query);
            default:
                return ProblemAnswer.SendAsync(context, ProblemTable.PathUnknown, "keys are at /key/{key}; see / for the rest");
        }
    }

    private async Task GuardAsync(HttpContext context, Task answer, long began)
    {
        try
        {
            await answer.ConfigureAwait(false);
            requests.Ended(context, began);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            await AnswerFaultAsync(context, fault, began).ConfigureAwait(false);
        }
    }

    private async Task AnswerFaultAsync(HttpContext context, Exception fault, long began)
    {
        await TellFaultAsync(context, fault).ConfigureAwait(false);
        requests.Ended(context, began);
    }

    private async Task TellFaultAsync(HttpContext context, Exception fault)
    {
        if (context.RequestAborted.IsCancellationRequested || fault is OperationCanceledException or ConnectionResetException)
        {
            context.Abort(); // the client has gone; nobody reads an answer
            return;
        }

        if (context.Response.HasStarted)
        {
            LogFault(log, fault);
            context.Abort(); // a cut-off body must look cut off
            return;
        }

        if (fault is IOException) // so Kestrel tells of a body that is not what its head said
        {
            context.Response.Headers.Connection = "close"; // where the next request begins is not known
            Problem problem = (fault as BadHttpRequestException)?.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => ProblemTable.BodyTooSlow,
                null => ProblemTable.BodyMalformed,
                _ => ProblemTable.BodyIncomplete,
            };
            await ProblemAnswer.SendAsync(context, problem, fault.Message).ConfigureAwait(false);
            return;
        }

        LogFault(log, fault);
        await ProblemAnswer.SendAsync(context, ProblemTable.Fault, "the server's log has the reason; please report it").ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 402, Level = LogLevel.Error, Message = "a request met a fault of the server")]
    private static partial void LogFault(ILogger log, Exception fault);
}
