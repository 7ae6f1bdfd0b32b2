using System.Runtime.InteropServices;
using Gache.Cluster;
using Gache.Server.Http.Problems;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gache.Server.Http.Routing;

/// <summary>Takes requests that other nodes pass on, and lets the same dispatcher answer them that answers clients.</summary>
/// <param name="dispatch">Answers a request: the dispatcher.</param>
/// <param name="budget">What their answers may take.</param>
internal sealed class ForwardHandler(RequestDelegate dispatch, AnswerBudget budget) : ICallHandler
{
    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        if (kind == CallKind.Forward) Handle(from, kind, body, answer, CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned)
    {
        if (ForwardedRequest.Parse(body) is not { } request) return; // a later version's: the caller has its timeout
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Handler.AnswerAsync(state.Request, state.Answer, state.Abandoned),
            (Handler: this, Request: request, Answer: answer, Abandoned: abandoned), preferLocal: false);
    }

    /// <summary>Answers one request, or not at all.</summary>
    public async Task AnswerAsync(ForwardedRequest request, Action<ReadOnlyMemory<byte>> answer, CancellationToken abandoned = default)
    {
        using var reply = new ForwardedReply(budget, mayBeRefused: request.Method == HttpMethods.Get) { RequestAborted = abandoned };
        var context = new DefaultHttpContext(FeaturesOf(request, reply));
        await dispatch(context).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        if (reply.IsAborted) return; // nothing is known, as the caller will say when its time is up (P11)
        if (reply.IsRefused) await RefuseAsync(context, reply).ConfigureAwait(false);
        answer(reply.Encode());
    }

    private static FeatureCollection FeaturesOf(ForwardedRequest request, ForwardedReply reply)
    {
        var head = new HttpRequestFeature
        {
            Method = request.Method,
            RawTarget = request.Target,
            Protocol = "HTTP/1.1",
            Scheme = "http",
            Body = StreamOf(request.Body),
        };
        foreach ((string name, string value) in request.Headers) head.Headers[name] = value;
        if (request.Body.Length > 0) head.Headers.ContentLength = request.Body.Length;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(head);
        features.Set<IHttpRequestLifetimeFeature>(reply);
        features.Set<IHttpResponseFeature>(reply);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(reply.BodyStream));
        features.Set(new ForwardedHop(request.Hops));
        return features;
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> body) => MemoryMarshal.TryGetArray(body, out ArraySegment<byte> array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(body.ToArray(), writable: false);

    private static Task RefuseAsync(HttpContext context, ForwardedReply reply)
    {
        StringValues caching = reply.Headers.CacheControl;
        reply.Headers.Clear();
        reply.Headers.CacheControl = caching;
        reply.Headers.XContentTypeOptions = Headers.NoSniff;
        reply.BeginAnew();
        return ProblemAnswer.SendAsync(context, ProblemTable.Overloaded, "too many large values are on their way to other nodes at once");
    }
}
