using Xunit;

namespace Gache.Cluster.Tests.Calls;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(CallKind.GossipDigest, 0)]
    [InlineData(CallKind.Admin, 1)]
    [InlineData(CallKind.Forward, 100)]
    [InlineData(CallKind.Grant, 70_000)]
    [InlineData(CallKind.ImportChunk, 1_000_003)]
    [InlineData(CallKind.Forward, CallLimits.MaxBodyBytes)]
    public async Task Request_arrives_as_it_was_sent_and_so_does_its_answer(CallKind kind, int length)
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        byte[] body = Calling.Bytes(length);

        CallResult result = await client.CallAsync(port.Address, kind, body, port.Id);

        Assert.Equal(CallOutcome.Answered, result.Outcome);
        Assert.Equal("", result.Detail);
        Assert.True(result.Body.Span.SequenceEqual(body));
        (Caller from, CallKind arrivedKind, byte[] arrived) = Assert.Single(port.Arrived);
        Assert.Equal(new Caller(Calling.Me.Node, Calling.Me.Cluster, Calling.Me.ProcessNonce), from);
        Assert.Equal(kind, arrivedKind);
        Assert.True(arrived.AsSpan().SequenceEqual(body));
        Assert.Equal(1, client.Counters.Answered(kind));
        Calling.Until(() => port.Server.Counters.Served(kind) == 1 && port.Server.HeldBytes == 0, "nothing is held any more");
    }

    [Fact]
    public async Task Thousand_calls_at_once_get_each_its_own_answer_in_whatever_order()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        var random = new Random(3);
        var held = new List<(byte[] Body, Action<ReadOnlyMemory<byte>> Answer)>();
        port.Behaviour = (_, _, body, answer) =>
        {
            // Answered backwards, eight at a time, from another thread.
            (byte[], Action<ReadOnlyMemory<byte>>)[] ready = [];
            lock (held)
            {
                held.Add((body.ToArray(), answer));
                if (held.Count == 8)
                {
                    ready = [.. held.AsEnumerable().Reverse()];
                    held.Clear();
                }
            }

            ThreadPool.QueueUserWorkItem(_ => Array.ForEach(ready, r => r.Item2(r.Item1)));
        };

        byte[][] bodies = [.. Enumerable.Range(0, 1000).Select(i => Calling.Bytes(random.Next(0, 2000), i))];
        Task<CallResult>[] calls = [.. bodies.Select((body, i) => client.CallAsync(port.Address, i % 2 == 0 ? CallKind.Forward : CallKind.Admin, body))];
        CallResult[] results = await Task.WhenAll(calls);

        for (int i = 0; i < bodies.Length; i++)
        {
            Assert.Equal(CallOutcome.Answered, results[i].Outcome);
            Assert.True(results[i].Body.Span.SequenceEqual(bodies[i]), $"call {i} got another's answer");
        }

        Assert.Equal(2, port.Accepted); // control and bulk
    }
}
