using Gache.Cluster;
using Microsoft.AspNetCore.Http.Features;

namespace Gache.Server.Http.Routing;

/// <summary>Takes requests that other nodes pass on, and lets the same dispatcher answer them that answers clients.</summary>
internal sealed class ForwardHandler(Dispatcher dispatcher) : ICallHandler
{
    /// <inheritdoc/>
    public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
    {
        if (kind != CallKind.Forward || ForwardedRequest.Parse(body.Span) is not { } request) return; // a later version's: the caller has its timeout
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Handler.AnswerAsync(state.Request, state.Answer), (Handler: this, Request: request, Answer: answer), preferLocal: false);
    }

    private async Task AnswerAsync(ForwardedRequest request, Action<ReadOnlyMemory<byte>> answer)
    {
        var body = new MemoryStream();
        var features = new FeatureCollection();
        var head = new HttpRequestFeature
        {
            Method = request.Method,
            RawTarget = request.Target,
            Protocol = "HTTP/1.1",
            Scheme = "http",
            Body = new MemoryStream(request.Body.ToArray(), writable: false),
        };
        foreach ((string name, string value) in request.Headers) head.Headers[name] = value;
        if (request.Body.Length > 0) head.Headers.ContentLength = request.Body.Length;
        var response = new HttpResponseFeature();
        features.Set<IHttpRequestFeature>(head);
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        features.Set(new ForwardedHop(request.Hops));
        var context = new DefaultHttpContext(features);
        await dispatcher.AnswerAsync(context).ConfigureAwait(false);
        await context.Response.BodyWriter.FlushAsync().ConfigureAwait(false);
        answer(new ForwardedAnswer(response.StatusCode, ForwardedAnswer.Pairs(response.Headers), body.ToArray()).Encode());
    }
}
