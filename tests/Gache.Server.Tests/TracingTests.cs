using System.Collections.Concurrent;
using Gache.Cluster;
using Gache.Primitives;
using Gache.Server.Http;
using Gache.Server.Http.Many;
using Gache.Server.Http.Routing;
using Gache.Server.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gache.Server.Tests;

/// <summary>Spans go to a collector that was named, of requests whose client traces them, over every hop, and have no key in them.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class TracingTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Other = "1bf7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task A_request_that_its_client_traces_is_told_and_no_other()
    {
        await using Collector collector = await Collector.StartAsync();
        await using (TestNode node = await TestNode.StartAsync(settings => settings with { OtlpEndpoint = collector.Address }))
        {
            await node.AskAsync("POST", "/key/secret", body: "value");
            await node.AskAsync("GET", "/key/secret", $"traceparent: 00-{Other}-b7ad6b7169203331-00\r\n");
            Assert.Equal(200, (await node.AskAsync("GET", "/key/secret", $"traceparent: 00-{Trace}-b7ad6b7169203331-01\r\n")).Status);
            Assert.Equal(200, (await node.AskAsync("GET", "/key/secret", "traceparent: nonsense\r\n")).Status);
            Assert.Equal(404, (await node.AskAsync("GET", "/secret", $"traceparent: 00-{Trace}-b7ad6b7169203331-01\r\n")).Status);
        }

        Assert.Equal(["/v1/traces"], collector.Paths.Distinct());
        Assert.Equal((2, 0), (collector.CountOf(Convert.FromHexString(Trace)), collector.CountOf(Convert.FromHexString(Other))));
        Assert.Equal((1, 1), (collector.CountOf("GET /key/{key}"u8), collector.CountOf("GET other"u8)));
        Assert.Equal(0, collector.CountOf("secret"u8));
        Assert.Equal(1, collector.CountOf("node1.test:8001"u8));
    }

    [Fact]
    public async Task A_trace_goes_on_over_a_hop_to_the_owner()
    {
        await using Collector collector = await Collector.StartAsync();
        await using (TestNode owner = await TestNode.StartAsync(settings => settings with { OtlpEndpoint = collector.Address }))
        {
            var handler = new ForwardHandler(owner.Host.Answer, new AnswerBudget(() => 0));
            var forward = new ForwardClient(new Hop(handler), new ApiSettings { AdvertisedApi = "asked:8001" }, new SlowClients(TimeProvider.System));
            var context = new DefaultHttpContext();
            IHttpRequestFeature request = context.Features.Get<IHttpRequestFeature>()!;
            (request.Method, request.RawTarget) = ("GET", "/key/a");
            context.Request.Headers.TraceParent = $"00-{Trace}-b7ad6b7169203331-01";
            await RequestTracing.Around(asked => forward.SendAsync(asked, new ClusterPeer(new NodeId(2), "owner:8001", "owner:9001"), null))(context);
            Assert.Equal(404, context.Response.StatusCode);
        }

        Assert.Equal(3, collector.CountOf(Convert.FromHexString(Trace))); // where it was asked, the hop, and at the owner
        Assert.Equal(2, collector.CountOf("GET /key/{key}"u8));
        Assert.Equal(1, collector.CountOf("owner:8001"u8));
    }

    [Fact]
    public async Task Without_a_collector_the_clients_trace_is_passed_on_all_the_same()
    {
        ForwardedRequest? passed = null;
        var forward = new ForwardClient(new Hop(new Taking(request => passed = request)), new ApiSettings { AdvertisedApi = "asked:8001" }, new SlowClients(TimeProvider.System));
        var context = new DefaultHttpContext();
        IHttpRequestFeature request = context.Features.Get<IHttpRequestFeature>()!;
        (request.Method, request.RawTarget) = ("GET", "/key/a");
        context.Request.Headers.TraceParent = $"00-{Trace}-b7ad6b7169203331-01";
        context.Request.Headers.TraceState = "vendor=1";
        await forward.SendAsync(context, new ClusterPeer(new NodeId(2), "owner:8001", "owner:9001"), null);
        Assert.Contains(new KeyValuePair<string, string>("traceparent", $"00-{Trace}-b7ad6b7169203331-01"), passed!.Headers);
        Assert.Contains(new KeyValuePair<string, string>("tracestate", "vendor=1"), passed.Headers);
    }

    private sealed class Hop(ICallHandler owner) : ICalls
    {
        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done) =>
            owner.Handle(new Caller(new NodeId(1), new ClusterId(1), 1), kind, body, answer => done(new CallResult(CallOutcome.Answered, answer, "")));
    }

    private sealed class Taking(Action<ForwardedRequest> take) : ICallHandler
    {
        public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
        {
            take(ForwardedRequest.Parse(body)!);
            answer(default);
        }
    }

    /// <summary>Takes what an exporter sends.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly ConcurrentQueue<byte[]> bodies = new();

        private Collector(WebApplication app) => this.app = app;

        public ConcurrentQueue<string> Paths { get; } = new();

        public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

        public static async Task<Collector> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
            WebApplication app = builder.Build();
            var collector = new Collector(app);
            app.Run(collector.TakeAsync);
            await app.StartAsync(TestContext.Current.CancellationToken);
            return collector;
        }

        /// <summary>How often some bytes came.</summary>
        public int CountOf(ReadOnlySpan<byte> bytes)
        {
            int count = 0;
            foreach (byte[] body in bodies)
            {
                ReadOnlySpan<byte> rest = body;
                for (int at = rest.IndexOf(bytes); at >= 0; at = rest.IndexOf(bytes))
                {
                    count++;
                    rest = rest[(at + bytes.Length)..];
                }
            }

            return count;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task TakeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Paths.Enqueue(context.Request.Path);
            bodies.Enqueue(body.ToArray());
        }
    }
}
