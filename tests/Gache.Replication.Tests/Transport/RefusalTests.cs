using Gache.Primitives;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class RefusalTests
{
    private const int RefusedDialler = 303;
    private const int DialFailed = 304;

    [Fact]
    public void Foreign_shard_is_refused_naming_both_and_logged_once_at_each_end()
    {
        using Peer a = new(1), foreign = new(2, shard: new ShardId(8));
        foreign.Transport.SetPeers([a.Address]);
        Peer.Until(() => foreign.Transport.Counters.Dials >= 8, "it was tried four times on both connections");

        string said = Assert.Single(a.Log.Lines, l => l.Event == RefusedDialler).Line;
        Assert.Contains(Peer.Shard.ToString(), said);
        Assert.Contains(new ShardId(8).ToString(), said);
        Assert.Contains(foreign.Id.ToString(), said);
        Assert.Contains(Peer.Shard.ToString(), Assert.Single(foreign.Log.Lines, l => l.Event == DialFailed).Line);
        Assert.Empty(a.Replica.News);
        Assert.Empty(foreign.Replica.News);
        Assert.Contains(a.Replica.Judged, j => j.Dialler == foreign.Identity && j.Expected == a.Id); // the replica hears of it all the same
    }

    [Fact]
    public void Foreign_cluster_is_refused_naming_both()
    {
        using Peer a = new(1), foreign = new(2, cluster: new ClusterId(78));
        foreign.Transport.SetPeers([a.Address]);
        Peer.Until(() => a.Log.Lines.Any(l => l.Event == RefusedDialler), "it is refused");
        string said = a.Log.Lines.First(l => l.Event == RefusedDialler).Line;
        Assert.Contains(Peer.Cluster.ToString(), said);
        Assert.Contains(new ClusterId(78).ToString(), said);
    }

    [Fact]
    public void Another_node_than_the_expected_is_refused_naming_both()
    {
        using Peer a = new(1), b = new(2);
        a.Transport.SetPeers([new PeerAddress(new NodeId(3), b.Identity.RaftAddress)]);
        Peer.Until(() => a.Log.Lines.Any(l => l.Event == DialFailed), "the dialler says whom it met");
        string said = a.Log.Lines.First(l => l.Event == DialFailed).Line;
        Assert.Contains(new NodeId(3).ToString(), said);
        Assert.Contains(b.Id.ToString(), said);
        Assert.Equal(0, a.Transport.Counters.ConnectedPeers);
    }

    [Fact]
    public void Judges_words_reach_the_dialler()
    {
        using Peer a = new(1), b = new(2);
        a.Replica.Verdict = (_, _) => "this node lost its data";
        using var dialler = new RawDialler(a);
        PreambleAnswer answer = dialler.Introduce(b.Identity, a.Id);
        Assert.Equal("this node lost its data", answer.Refusal);
        Assert.Equal(a.Identity, answer.Acceptor);
        Peer.Until(dialler.IsClosed, "the connection is closed");
    }

    [Fact]
    public void Newer_of_two_live_processes_with_one_id_is_refused_until_the_older_is_silent()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        {
            using (var newer = new RawDialler(a)) Assert.Contains("another process", newer.Introduce(b.Identity with { Nonce = 2 }, a.Id).Refusal);
        }

        using var c = new Peer(3);
        using var silent = new RawDialler(c);
        Assert.Null(silent.Introduce(Peer.Stranger(2), c.Id).Refusal);
        Peer.Until(() =>
        {
            using var newer = new RawDialler(c);
            return newer.Introduce(Peer.Stranger(2, nonce: 2), c.Id).Refusal is null;
        }, "the newer is taken once the older was not heard for an election timeout");
        Peer.Until(() => c.Replica.Disconnects(b.Id) >= 1, "the older is given up");
        Peer.Until(silent.IsClosed, "the older's connection is closed");
    }

    [Fact]
    public void Connection_that_said_no_shard_is_dialled_anew_once_there_is_one()
    {
        using Peer leader = new(1), joiner = new(2, shard: default(ShardId), cluster: default(ClusterId));
        joiner.Transport.SetPeers([leader.Address]);
        leader.Transport.SetPeers([joiner.Address]);
        Peer.Until(() => joiner.Replica.Connects(leader.Id) == 1, "the joiner is connected");

        joiner.ChangeIdentity(i => i with { Shard = Peer.Shard, Cluster = Peer.Cluster });
        Peer.Until(() => leader.Replica.Judged.Any(j => j.Dialler == joiner.Identity), "the leader hears of the joiner's shard");
        Peer.Until(() => joiner.Transport.Counters.ConnectedPeers == 1 && leader.Transport.Counters.ConnectedPeers == 1, "both are connected");
    }

    [Fact]
    public void Dialler_that_went_before_it_was_answered_is_not_a_connection_that_was_lost()
    {
        using var a = new Peer(1);
        PeerIdentity b = Peer.Stranger(2);
        using (var hasty = new RawDialler(a)) hasty.Send(new Preamble(ConnectionKind.Control, b, a.Id).Encode());
        Peer.Until(() => !a.Replica.Judged.IsEmpty, "it was judged");
        using (var next = new RawDialler(a)) next.Introduce(b, a.Id);
        Peer.Until(() => a.Replica.Disconnects(b.Node) == 1, "the connection that stood is lost");
        Assert.Single(a.Replica.News);
    }
}
