using System.Net;
using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Calls;

/// <summary>A name that several nodes have, as that of a service: each finds the others by it.</summary>
public sealed class SharedNameTests
{
    private static readonly IPAddress First = IPAddress.Loopback;
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Third = IPAddress.Parse("127.0.0.3");

    [Fact]
    public async Task A_name_that_leads_to_ourselves_and_to_another_leads_to_the_other()
    {
        await using var self = new Port((uint)Calling.Me.Node.Value);
        await using var other = new Port(2, port: PortOf(self), ip: Second);
        for (int calls = 0; calls < 4; calls++)
        {
            await using CallClient client = Client(First, Second);
            Assert.Equal(CallOutcome.Answered, (await client.CallAsync($"both:{PortOf(self)}", CallKind.GossipDigest, new byte[3])).Outcome);
            Assert.Equal(CallOutcome.Answered, (await client.CallAsync($"both:{PortOf(self)}", CallKind.GossipDigest, new byte[3], other.Id)).Outcome);
        }

        Assert.Empty(self.Arrived);
        Assert.Equal(8, other.Arrived.Count);
    }

    [Fact]
    public async Task A_name_that_leads_to_nobody_but_ourselves_is_still_answered()
    {
        await using var self = new Port((uint)Calling.Me.Node.Value);
        await using CallClient client = Client(First, Second); // nobody listens at the second
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync($"both:{PortOf(self)}", CallKind.GossipDigest, new byte[3])).Outcome);
    }

    [Fact]
    public async Task Who_is_expected_is_found_behind_those_who_are_not()
    {
        await using var one = new Port(1);
        await using var two = new Port(2, port: PortOf(one), ip: Second);
        await using CallClient client = Client(First, Second);
        Assert.Equal(CallOutcome.Answered, (await client.CallAsync($"both:{PortOf(one)}", CallKind.Grant, new byte[3], two.Id)).Outcome);
        Assert.Empty(one.Arrived);
        CallResult nobody = await client.CallAsync($"both:{PortOf(one)}", CallKind.Forward, new byte[3], new NodeId(3));
        Assert.Equal(CallOutcome.Refused, nobody.Outcome);
    }

    [Fact]
    public async Task Nodes_of_one_name_are_met_in_turn()
    {
        var time = new ManualTime();
        await using var one = new Port(1, time: time);
        await using var two = new Port(2, port: PortOf(one), ip: Second, time: time);
        await using var three = new Port(3, port: PortOf(one), ip: Third, time: time);
        await using CallClient client = Client(time, First, Second, Third);
        for (int calls = 1; calls <= 3; calls++)
        {
            Assert.Equal(CallOutcome.Answered, (await client.CallAsync($"all:{PortOf(one)}", CallKind.GossipDigest, new byte[3])).Outcome);
            Calling.Until(() => time.TimersDueIn(Gache.Cluster.Calls.CallTimes.IdleOfMany) == 1, "the connection rests");
            time.Advance(Gache.Cluster.Calls.CallTimes.IdleOfMany);
            Calling.Until(() => client.Counters.DialledConnections == 0, "it is closed soon, as others have that name");
        }

        Assert.Equal((1, 1, 1), (one.Arrived.Count, two.Arrived.Count, three.Arrived.Count));
    }

    private static int PortOf(Port port) => IPEndPoint.Parse(port.Address).Port;

    private static CallClient Client(params IPAddress[] addresses) => Client(TimeProvider.System, addresses);

    private static CallClient Client(TimeProvider time, params IPAddress[] addresses) =>
        new(new CallClientOptions { Identity = () => Calling.Me, Time = time, Resolve = (_, _) => Task.FromResult(addresses) });
}
