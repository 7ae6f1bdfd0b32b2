using Gache.Primitives;
using Gache.Replication;
using Gache.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Cluster.Tests.Founding;

public sealed class GrantKeeperTests
{
    /// <summary>A node whose data was lost drops its replica at any moment.</summary>
    [Fact]
    public void A_replica_that_goes_while_a_grant_is_decided_leaves_nobody_without_an_answer()
    {
        var lone = new LoneReplica();
        Assert.Equal(ReplicaRole.Leader, lone.Replica.Status.Role);
        int asked = 0;
        var answers = new List<ReadOnlyMemory<byte>>();
        var keeper = new GrantKeeper(() => asked++ == 0 ? lone.Replica : null, () => new ClusterView(1, default, []), NullLogger.Instance);

        keeper.Handle(new GrantRequest(new ShardId(9), new SlotSet()).Encode(), answers.Add);
        lone.Work();

        Assert.True(GrantAnswer.TryParse(Assert.Single(answers).Span, out GrantAnswer answer));
        Assert.Equal(GrantVerdict.Granted, answer.Verdict);
    }
}
