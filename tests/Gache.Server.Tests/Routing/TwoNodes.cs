using Gache.Cluster;
using Gache.Primitives;
using Gache.Replication;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gache.Server.Tests.Routing;

/// <summary>Two nodes that gossip in one thread, with time in the test's hand: a member of a shard, and one that only routes and knows the member's address.</summary>
internal sealed class TwoNodes
{
    private readonly HandClock clock = new();
    private readonly Dictionary<string, ClusterNode> nodes = [];

    public TwoNodes()
    {
        ReplicaStatus outside = MemoryShard.Leading() with { Node = new NodeId(8), Shard = default, Cluster = default, Role = ReplicaRole.Outside, AppliedIndex = 0, MayServe = false };
        RouterStatus = outside;
        Member = Add("member:9001", () => MemberStatus, "router:9001");
        Router = Add("router:9001", () => RouterStatus, "member:9001");
    }

    public ReplicaStatus MemberStatus { get; set; } = MemoryShard.Leading();

    public ReplicaStatus RouterStatus { get; }

    public ClusterNode Member { get; }

    public ClusterNode Router { get; }

    /// <summary>Lets time pass until something is so.</summary>
    public void Until(string what, Func<bool> isSo)
    {
        for (int ticks = 0; !isSo(); ticks++)
        {
            Assert.True(ticks < 1_000, $"still not so: {what}");
            clock.Pass(ClusterTimes.Tick);
            Member.Tick();
            Router.Tick();
        }
    }

    private ClusterNode Add(string address, Func<ReplicaStatus> status, string seed)
    {
        var calls = new Calls(this, status);
        var node = new ClusterNode(new ClusterNodeOptions
        {
            Status = status,
            Replica = () => null,
            IsFolderEmpty = () => false,
            Calls = calls,
            Requests = new Nothing(),
            Gossip = (first, wake) => new Gossiper(
                first, new GossipOptions { Node = first.Node, ProcessNonce = 1, Seeds = [seed], Wake = wake }, calls, clock, new Random(1), new NoPeers()),
            RoutesOnly = address == "router:9001",
            ApiAddress = address.Replace(":9001", ":8001", StringComparison.Ordinal),
            ClusterAddress = address,
            Logger = NullLogger.Instance,
        });
        nodes[address] = node;
        return node;
    }

    private sealed class Calls(TwoNodes world, Func<ReplicaStatus> own) : ICalls
    {
        public void Call(string address, NodeId expectedReceiver, CallKind kind, ReadOnlyMemory<byte> body, TimeSpan timeout, Action<CallResult> done)
        {
            if (world.nodes.TryGetValue(address, out ClusterNode? to))
                to.Handle(new Caller(own().Node, own().Cluster, 1), kind, body, answer => done(new CallResult(CallOutcome.Answered, answer, "")));
            else
                done(new CallResult(CallOutcome.NotSent, default, "nobody is there"));
        }
    }

    private sealed class Nothing : ICallHandler
    {
        public void Handle(Caller from, CallKind kind, ReadOnlyMemory<byte> body, Action<ReadOnlyMemory<byte>> answer)
        {
            // Nobody forwards anything here.
        }
    }

    private sealed class NoPeers : IPeerStore
    {
        public ulong ReadGeneration() => 0;

        public void SaveGeneration(ulong generation)
        {
            // There is one life only.
        }

        public IReadOnlyList<SavedPeer> ReadPeers() => [];

        public void SavePeers(IReadOnlyList<SavedPeer> peers)
        {
            // Likewise.
        }
    }
}
