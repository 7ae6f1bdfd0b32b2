using Gache.Tool.Playground;
using Xunit;

namespace Gache.Tool.Tests.Playground;

public sealed class PlanTests
{
    [Fact]
    public void Three_shards_of_three_are_the_nine_commands_of_the_readme() => Assert.Equal(
        [
            "-p 8001 --raft-addr 127.0.0.1:7001 --raft-dir tmp/node1 --cluster-port 9001 --cluster-slot 0-5000",
            "-p 8002 --raft-addr 127.0.0.1:7002 --raft-dir tmp/node2 --raft-join 127.0.0.1:8001 --cluster-port 9002 --cluster-slot 0-5000 --cluster-members 127.0.0.1:9001",
            "-p 8003 --raft-addr 127.0.0.1:7003 --raft-dir tmp/node3 --raft-join 127.0.0.1:8001 --cluster-port 9003 --cluster-slot 0-5000 --cluster-members 127.0.0.1:9001",
            "-p 8004 --raft-addr 127.0.0.1:7004 --raft-dir tmp/node4 --cluster-port 9004 --cluster-slot 5001-10000 --cluster-members 127.0.0.1:9001",
            "-p 8005 --raft-addr 127.0.0.1:7005 --raft-dir tmp/node5 --raft-join 127.0.0.1:8004 --cluster-port 9005 --cluster-slot 5001-10000 --cluster-members 127.0.0.1:9004",
            "-p 8006 --raft-addr 127.0.0.1:7006 --raft-dir tmp/node6 --raft-join 127.0.0.1:8004 --cluster-port 9006 --cluster-slot 5001-10000 --cluster-members 127.0.0.1:9004",
            "-p 8007 --raft-addr 127.0.0.1:7007 --raft-dir tmp/node7 --cluster-port 9007 --cluster-slot 10001-16383 --cluster-members 127.0.0.1:9001",
            "-p 8008 --raft-addr 127.0.0.1:7008 --raft-dir tmp/node8 --raft-join 127.0.0.1:8007 --cluster-port 9008 --cluster-slot 10001-16383 --cluster-members 127.0.0.1:9007",
            "-p 8009 --raft-addr 127.0.0.1:7009 --raft-dir tmp/node9 --raft-join 127.0.0.1:8007 --cluster-port 9009 --cluster-slot 10001-16383 --cluster-members 127.0.0.1:9007",
        ],
        Lines(3, 3));

    [Fact]
    public void A_shard_of_one_node_has_no_raft_port() => Assert.Equal(
        [
            "-p 8001 --raft-dir tmp/node1 --cluster-port 9001 --cluster-slot 0-8191",
            "-p 8002 --raft-dir tmp/node2 --cluster-port 9002 --cluster-slot 8192-16383 --cluster-members 127.0.0.1:9001",
        ],
        Lines(2, 1));

    [Fact]
    public void One_shard_is_plain_replication() => Assert.Equal(
        [
            "-p 8001 --raft-addr 127.0.0.1:7001 --raft-dir tmp/node1",
            "-p 8002 --raft-addr 127.0.0.1:7002 --raft-dir tmp/node2 --raft-join 127.0.0.1:8001",
        ],
        Lines(1, 2));

    [Fact]
    public void Every_slot_has_one_shard_whatever_their_number()
    {
        for (int shards = 1; shards <= PlaygroundOptions.MaxShards; shards++)
        {
            int next = 0;
            foreach ((int first, int last) in SlotSplit.Of(shards))
            {
                Assert.Equal(next, first);
                Assert.True(last >= first);
                next = last + 1;
            }

            Assert.Equal(16_384, next);
        }
    }

    [Theory]
    [InlineData(8002)]
    [InlineData(7009)]
    [InlineData(9001)]
    public void Where_one_port_is_taken_the_next_block_is_used(int taken)
    {
        PortBlock? block = PortBlock.Find(Options(3, 3), port => port != taken, out _);
        Assert.Equal(8101, block?.First);
    }

    [Fact]
    public void Ports_that_are_not_used_may_be_taken()
    {
        Assert.Equal(8001, PortBlock.Find(Options(1, 1), port => port is not (7001 or 9001), out _)?.First);
    }

    [Fact]
    public void A_port_that_was_asked_for_is_not_replaced()
    {
        Assert.Null(PortBlock.Find(Options(3, 3) with { Port = 18_001 }, port => port != 17_005, out int? taken));
        Assert.Equal(17_005, taken);
        Assert.Null(PortBlock.Find(Options(3, 3), _ => false, out taken));
        Assert.Equal(0, taken);
    }

    [Fact]
    public void A_port_on_which_somebody_listens_is_not_free()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        Assert.False(PortBlock.IsFree(port));
        listener.Stop();
        Assert.True(PortBlock.IsFree(port));
    }

    private static PlaygroundOptions Options(int shards, int replicas) => new() { Shards = shards, Replicas = replicas, Server = "" };

    private static string[] Lines(int shards, int replicas) =>
        [.. NodePlan.All(Options(shards, replicas), new PortBlock(8001), "tmp").Select(node => string.Join(' ', node.Arguments))];
}
