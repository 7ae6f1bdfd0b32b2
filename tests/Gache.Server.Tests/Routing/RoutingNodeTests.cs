using Gache.Replication;
using Gache.Server.Http.Health;
using Xunit;

namespace Gache.Server.Tests.Routing;

/// <summary>A node that belongs to no shard and only sends requests on.</summary>
public sealed class RoutingNodeTests
{
    [Fact]
    public void It_is_ready_while_a_live_leader_of_some_shard_is_known()
    {
        var nodes = new TwoNodes();
        Assert.Equal(["no node of the cluster was reached yet"], Reasons(nodes));
        nodes.Until("it is ready", () => Reasons(nodes).Count == 0);

        nodes.MemberStatus = nodes.MemberStatus with { Role = ReplicaRole.Follower };
        nodes.Until("it is not ready", () => Reasons(nodes).Count > 0);
        Assert.Equal(["no live leader of any shard is known"], Reasons(nodes));
    }

    [Fact]
    public async Task A_slot_that_nobody_is_known_to_own_may_be_one_of_nodes_that_are_gone_for_long()
    {
        var nodes = new TwoNodes();
        nodes.Until("they have met", () => Reasons(nodes).Count == 0);
        await using TestNode node = await TestNode.StartAsync();
        node.Host.Dispatcher.Elsewhere.Attach(nodes.Router, null!);
        RawAnswer answer = await node.AskAsync("GET", "/key/a");
        Problem.Is(answer, 503, "slots-unassigned", isRetryable: true);
        Assert.Contains("have been gone for long", answer.Text, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Reasons(TwoNodes nodes) => Readiness.Of(nodes.RouterStatus, isStopping: false, nodes.Router).Reasons;
}
