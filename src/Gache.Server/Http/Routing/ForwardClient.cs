using System.Diagnostics;
using System.Globalization;
using Gache.Cluster;
using Gache.Server.Http.Keys;
using Gache.Server.Http.Many;
using Gache.Server.Http.Problems;
using Gache.Server.Http.Requests;
using Gache.Primitives;
using Gache.Server.Tracing;

namespace Gache.Server.Http.Routing;

/// <summary>Passes a client's request on to another node over the cluster port, and its answer back.</summary>
/// <remarks>Never by an HTTP client, which may resend by itself: sent and not answered is 504, and only what surely did not arrive is 503 (P11).</remarks>
internal sealed class ForwardClient(ICalls calls, ApiSettings settings, SlowClients clients)
{
    private static readonly string[] Passed = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Idempotency-Key", "Content-Type", "tracestate"];

    private readonly BodyBudget bodies = new();
    private readonly BodyBudget answers = new();

    /// <summary>The way to other nodes' cluster ports.</summary>
    public ICalls Calls => calls;

    /// <summary>Asks the peer and answers as it did.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="peer">Whom to ask.</param>
    /// <param name="taken">The body, if it was taken already.</param>
    /// <param name="txn">Where the answer is left for <see cref="PassBackAsync(HttpContext, PassedTxn, object)"/>; null if it is passed back at once.</param>
    public async Task SendAsync(HttpContext context, ClusterPeer peer, ReadOnlyMemory<byte>? taken, PassedTxn? txn = null)
    {
        int hops = ForwardedHop.CountOf(context) + 1;
        if (hops > ForwardedHop.Most)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.RoutingLoop, "the nodes that passed this request on do not agree yet who owns the key's slot; try again").ConfigureAwait(false);
            return;
        }

        HttpRequest request = context.Request;
        bool isRead = request.Method == HttpMethods.Get || request.Method == HttpMethods.Head;
        using var share = new BodyShare(bodies);
        if ((taken ?? await TakeBodyAsync(context, share).ConfigureAwait(false)) is not { } body) return;
        if (txn is not null)
        {
            // Before it is passed on: once it is carried out, an answer that finds no room would leave its outcome unknown (P10, P11).
            txn.Share = new BodyShare(answers);
            if (txn.Reads && !await clients.WaitForRoomAsync(txn.Share, ManyLimits.AnswerShareBytes, context.RequestAborted).ConfigureAwait(false))
            {
                await ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large answers are on their way out at once").ConfigureAwait(false);
                return;
            }
        }

        WaitTime? wait = context.Features.Get<WaitTime>();
        using Activity? span = RequestTracing.Source.StartActivity("forward", ActivityKind.Client);
        span?.SetTag("server.address", peer.ApiAddress);
        var passed = new ForwardedRequest(hops, request.Method, Target.OriginForm(RawTarget.Of(context)).ToString(), HeadersOf(request, wait), body);
        long asked = RequestTime.Now;
        (ForwardedAnswer? answer, CallResult result) = await AskAsync(peer, passed, wait, context.RequestAborted).ConfigureAwait(false);
        if (wait is null) RequestTime.Note(context, RequestTime.Spent.Forwarded, asked);
        if (answer is not null && txn is not null)
        {
            txn.Keep(answer);
            return;
        }

        if (answer is not null)
        {
            await PassBackAsync(context, answer).ConfigureAwait(false);
            return;
        }

        bool mayHaveArrived = result.Outcome is CallOutcome.Unknown or CallOutcome.Answered;
        await (mayHaveArrived && !isRead
            ? ProblemAnswer.SendUnknownAsync(context, ProblemTable.Timeout, $"the request was passed on to {peer.ApiAddress}, which did not answer ({result.Detail}); read the key to see, or write again")
            : ProblemAnswer.SendAsync(context, result.IsOverBound ? ProblemTable.Overloaded : ProblemTable.NoLeader, $"the owner of the key's slot at {peer.ApiAddress} could not be asked: {result.Detail}")).ConfigureAwait(false);
    }

    /// <summary>Asks the peer.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="request">What is passed on.</param>
    /// <param name="wait">How long it may wait there for its condition; null if it does not.</param>
    /// <param name="gone">The client of one that waits has gone: the peer is told.</param>
    /// <returns>Its answer; null if there is none, and then how the call ended.</returns>
    public async Task<(ForwardedAnswer? Answer, CallResult Result)> AskAsync(ClusterPeer peer, ForwardedRequest request, WaitTime? wait = null, CancellationToken gone = default)
    {
        var answer = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        (CallKind kind, TimeSpan waited) = wait is null ? (CallKind.Forward, TimeSpan.Zero) : (CallKind.ForwardWait, wait.Left);
        calls.Call(
            peer.ClusterAddress, peer.Node, kind, request.Encode(), waited + settings.ForwardTimeout, result => answer.TrySetResult(result), wait is null ? CancellationToken.None : gone);
        CallResult result = await answer.Task.ConfigureAwait(false);
        return (result.Outcome == CallOutcome.Answered ? ForwardedAnswer.Parse(result.Body) : null, result);
    }

    /// <summary>Answers as the peer did.</summary>
    public async Task PassBackAsync(HttpContext context, ForwardedAnswer answer)
    {
        using var share = new BodyShare(answers); // slow readers hold it long (P10)
        bool hasRoom = share.TryGrow(answer.Body.Length);
        if (!hasRoom && context.Request.Method == HttpMethods.Get) // else it was carried out, and the answer is small
        {
            clients.MakeRoom(answers);
            await ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large values are on their way out at once").ConfigureAwait(false);
            return;
        }

        await PassBackAsync(context, answer, hasRoom ? answers : null, null).ConfigureAwait(false);
    }

    /// <summary>Answers with what was left of a transaction.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="txn">The transaction, with its answer.</param>
    /// <param name="held">What else is held meanwhile; null for nothing.</param>
    public Task PassBackAsync(HttpContext context, PassedTxn txn, object? held) => PassBackAsync(context, txn.Answer!, answers, held);

    private async Task PassBackAsync(HttpContext context, ForwardedAnswer answer, object? held, object? alsoHeld)
    {
        HttpResponse response = context.Response;
        response.StatusCode = answer.Status;
        foreach ((string name, string value) in answer.Headers)
        {
            if (!string.Equals(name, "Connection", StringComparison.OrdinalIgnoreCase)) response.Headers[name] = value;
        }

        long began = RequestTime.Now;
        if (!await clients.SendAsync(context, answer.Body, held, alsoHeld).ConfigureAwait(false)) return; // the client has gone
        RequestTime.Note(context, RequestTime.Spent.ByClient, began);
    }

    private async Task<ReadOnlyMemory<byte>?> TakeBodyAsync(HttpContext context, BodyShare share)
    {
        HttpRequest request = context.Request;
        if (request.ContentLength > settings.MaxValueBytes)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.ValueTooLarge, $"a value has at most {settings.MaxValueBytes} bytes here (--max-value)").ConfigureAwait(false);
            return null;
        }

        if (request.ContentLength is null or 0 && !Redirect.IsStreamed(request)) return ReadOnlyMemory<byte>.Empty;
        ByteWriter? body = null;
        ValueBody.End end = ValueBody.End.OverBudget;
        if (share.TryGrow((int)(request.ContentLength ?? 0))) // before that much is allocated
        {
            body = new ByteWriter((int)(request.ContentLength ?? 4_096));
            long began = RequestTime.Now;
            using SlowClients.Sender sender = clients.Receive(context, bodies);
            end = await ValueBody.ReadStreamAsync(request.BodyReader, settings.MaxValueBytes, body, share, sender).ConfigureAwait(false);
            RequestTime.Note(context, RequestTime.Spent.ByClient, began);
        }

        if (end == ValueBody.End.Complete) return body!.WrittenMemory;
        if (end == ValueBody.End.OverBudget) clients.MakeRoom(bodies);
        context.Response.Headers.Connection = "close"; // nobody waits for the rest
        await (end == ValueBody.End.TooLarge
            ? ProblemAnswer.SendAsync(context, ProblemTable.ValueTooLarge, $"a value has at most {settings.MaxValueBytes} bytes here (--max-value)")
            : ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large values are on their way at once")).ConfigureAwait(false);
        return null;
    }

    private static List<KeyValuePair<string, string>> HeadersOf(HttpRequest request, WaitTime? wait)
    {
        var headers = new List<KeyValuePair<string, string>>();
        string? trace = Activity.Current?.Id ?? request.Headers.TraceParent; // the span of this hop, or else the client's own
        if (trace is not null) headers.Add(new("traceparent", trace));
        foreach (string name in Passed)
        {
            if (request.Headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues values)) headers.Add(new(name, values.ToString()));
        }

        if (wait is not null) headers.Add(new(Http.Headers.WaitLeft, ((long)wait.Left.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)));
        return headers;
    }
}
