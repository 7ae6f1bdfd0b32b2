using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>Two clusters never merge, and nobody is taken for another: refused by name, with nothing carried out.</summary>
public sealed class RefusalTests
{
    private const int RefusedDialler = 320;
    private static readonly ClusterId Other = new(88);

    [Fact]
    public async Task Caller_of_another_cluster_is_refused_with_both_ids_and_said_once_in_the_log()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client(Calling.Me with { Cluster = Other });
        for (int i = 0; i < 5; i++)
        {
            CallResult result = await client.CallAsync(port.Address, CallKind.GossipDigest, new byte[3]);
            Assert.Equal(CallOutcome.Refused, result.Outcome);
            Assert.Contains(Other.ToString(), result.Detail);
            Assert.Contains(Port.Cluster.ToString(), result.Detail);
            Assert.Contains("never merge", result.Detail);
        }

        Assert.Empty(port.Arrived);
        string line = Assert.Single(port.Log.Lines, l => l.Event == RefusedDialler).Line;
        Assert.Contains(Calling.Me.Node.ToString(), line);
        Assert.Equal(5, port.Server.Counters.RefusedConnections);
    }

    [Fact]
    public async Task Caller_that_expects_another_node_is_refused_and_one_that_takes_anybody_is_not()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        var expected = new NodeId(2);
        Task<CallResult>[] wrong = [.. Enumerable.Range(0, 4).Select(_ => client.CallAsync(port.Address, CallKind.Forward, new byte[3], expected))];
        Task<CallResult>[] right = [.. Enumerable.Range(0, 4).Select(i => client.CallAsync(port.Address, CallKind.Forward, new byte[3], i % 2 == 0 ? port.Id : default))];

        foreach (CallResult result in await Task.WhenAll(wrong))
        {
            Assert.Equal(CallOutcome.Refused, result.Outcome);
            Assert.Contains(expected.ToString(), result.Detail);
            Assert.Contains(port.Id.ToString(), result.Detail);
        }

        Assert.All(await Task.WhenAll(right), result => Assert.Equal(CallOutcome.Answered, result.Outcome));

        // Also on a connection that stands.
        Assert.Equal(CallOutcome.Refused, (await client.CallAsync(port.Address, CallKind.Forward, new byte[3], expected)).Outcome);
        Assert.Equal(4, port.Arrived.Count);
    }

    /// <summary>A node that is about to found a cluster at the address of one that was lost hears of its cluster in this way only.</summary>
    [Fact]
    public async Task Who_looks_for_another_node_at_this_address_is_refused_and_yet_met()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        CallResult result = await client.CallAsync(port.Address, CallKind.GossipDigest, new byte[3], new NodeId(2));

        Assert.Equal(CallOutcome.Refused, result.Outcome);
        Assert.Empty(port.Arrived);
        Assert.Contains(port.Met, who => who.Node == Calling.Me.Node && who.Cluster == Calling.Me.Cluster);
    }

    [Fact]
    public async Task Node_without_a_cluster_may_call_and_calls_under_its_new_name_once_it_has_one()
    {
        await using var port = new Port(1);
        ClusterIdentity identity = Calling.Me with { Cluster = default };
        await using var client = new CallClient(new CallClientOptions { Identity = () => identity });
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Grant, new byte[3])).Outcome);
        identity = identity with { Cluster = Port.Cluster };
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Grant, new byte[3])).Outcome);
        Assert.Equal([default, Port.Cluster], port.Arrived.Select(a => a.From.Cluster));

        identity = identity with { Cluster = Other };
        CallResult merged = await client.CallAsync(port.Address, CallKind.Grant, new byte[3]);
        Assert.Equal(CallOutcome.Refused, merged.Outcome);
        Assert.Contains("never merge", merged.Detail);
    }

    [Fact]
    public async Task Receiver_that_founded_its_own_cluster_meanwhile_refuses_on_connections_that_stand_already()
    {
        await using var port = new Port(1, cluster: default(ClusterId));
        await using CallClient client = Calling.Client();
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Grant, new byte[3])).Outcome);
        port.Identity = port.Identity with { Cluster = Other };
        for (int i = 0; i < 2; i++)
        {
            CallResult result = await client.CallAsync(port.Address, CallKind.Grant, new byte[3]);
            Assert.Equal(CallOutcome.Refused, result.Outcome);
            Assert.Contains(Other.ToString(), result.Detail);
        }

        Assert.Single(port.Arrived);
    }

    [Fact]
    public async Task Process_that_goes_on_as_another_node_is_not_taken_for_the_old_one()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        NodeId old = port.Id;
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.ImportOwn, new byte[3], old)).Outcome);
        port.Identity = port.Identity with { Node = new NodeId(5) }; // it set its folder aside and joined anew
        CallResult result = await client.CallAsync(port.Address, CallKind.ImportOwn, new byte[3], old);
        Assert.Equal(CallOutcome.Refused, result.Outcome);
        Assert.Single(port.Arrived);
        CallResult again = await client.CallAsync(port.Address, CallKind.ImportOwn, new byte[3], port.Id);
        Assert.Equal(CallOutcome.Answered, again.Outcome);
    }

    [Fact]
    public async Task Node_without_an_id_neither_serves_nor_calls()
    {
        await using var port = new Port(1);
        port.Identity = default;
        await using CallClient client = Calling.Client();
        Assert.Equal(CallOutcome.NotSent, (await client.CallAsync(port.Address, CallKind.FolderState, new byte[3])).Outcome);
        await using CallClient nobody = Calling.Client(default(ClusterIdentity));
        CallResult result = await nobody.CallAsync(port.Address, CallKind.FolderState, new byte[3]);
        Assert.Equal(CallOutcome.NotSent, result.Outcome);
        Assert.Contains("no id", result.Detail);
    }

    [Fact]
    public async Task Kind_that_the_receiver_does_not_know_is_refused_and_the_connection_stays()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        CallResult result = await client.CallAsync(port.Address, (CallKind)99, new byte[3]);
        Assert.Equal(CallOutcome.Refused, result.Outcome);
        Assert.Contains("99", result.Detail);
        Assert.False(result.IsOverBound);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync(port.Address, CallKind.Admin, new byte[3])).Outcome);
        Assert.Equal(1, port.Accepted);
        Assert.Single(port.Arrived);
    }

    [Fact]
    public async Task Stopping_receiver_answers_what_is_under_way_and_refuses_the_rest()
    {
        await using var port = new Port(1);
        await using CallClient client = Calling.Client();
        Action<ReadOnlyMemory<byte>>? held = null;
        port.Behaviour = (_, _, _, answer) => held = answer;
        Task<CallResult> underWay = client.CallAsync(port.Address, CallKind.Forward, new byte[3]);
        Calling.Until(() => held is not null, "it arrives");
        port.Server.BeginStop();
        CallResult late = await client.CallAsync(port.Address, CallKind.Forward, new byte[3]);
        Assert.Equal(CallOutcome.Refused, late.Outcome);
        Assert.Contains("stopping", late.Detail);
        held!(new byte[7]);
        CallResult result = await underWay;
        Assert.Equal(CallOutcome.Answered, result.Outcome);
        Assert.Equal(7, result.Body.Length);
        Calling.Until(() => port.Server.Counters.AcceptedConnections == 0, "the caller closes what is done with");
    }
}
