using System.Diagnostics;
using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class ConnectionTests
{
    [Fact]
    public void Message_arrives_with_its_sender_and_the_senders_nonce()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        {
            a.Transport.Send(a.Heartbeat(b.Id, round: 42));
            Peer.Until(() => b.Replica.ArrivedCount == 1, "the heartbeat arrives");
            Assert.True(b.Replica.Arrived.TryDequeue(out var arrived));
            Assert.Equal(42ul, Assert.IsType<CoreMessage>(arrived.Message).Message.Round);
            Assert.Equal((a.Id, a.Identity.Nonce), (arrived.From, arrived.Nonce));
        }
    }

    [Fact]
    public void Peer_that_was_restarted_is_connected_again_with_its_new_nonce()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        {
            b.Dispose();
            Peer.Until(() => a.Replica.IsDisconnected(b.Id), "the end of b is noticed");
            using var restarted = new Peer(2, nonce: 2, listen: b.Identity.RaftAddress);
            restarted.Transport.SetPeers([a.Address]);
            Peer.Until(() => a.Replica.IsConnected(b.Id) && restarted.Replica.IsConnected(a.Id), "they are connected again");
            restarted.Transport.Send(restarted.Heartbeat(a.Id));
            Peer.Until(() => a.Replica.Arrived.Any(m => m.Nonce == 2), "a message of the new process arrives");
        }
    }

    [Fact]
    public void Disconnect_is_told_within_50_milliseconds_of_the_peers_end()
    {
        // The best of five: a busy machine may delay any one, and what would be wrong (a timeout, a poll) would delay all.
        TimeSpan shortest = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            (Peer a, Peer b) = Peer.Pair();
            using (a)
            {
                long end = Stopwatch.GetTimestamp();
                b.Dispose();
                Peer.Until(() => a.Replica.IsDisconnected(b.Id), "the end of b is noticed");
                TimeSpan took = Stopwatch.GetElapsedTime(end, a.Replica.News.First(n => !n.IsConnected).Timestamp);
                if (took < shortest) shortest = took;
                Assert.Equal(0, a.Transport.Counters.ConnectedPeers);
            }
        }

        Assert.True(shortest < TimeSpan.FromMilliseconds(50), $"{shortest}");
    }

    [Fact]
    public void Learner_that_knows_no_configuration_can_answer_whoever_dialled_it()
    {
        using Peer leader = new(1), learner = new(2, shard: default(ShardId), cluster: default(ClusterId));
        leader.Transport.SetPeers([learner.Address]);
        Peer.Until(() => learner.Replica.Connects(leader.Id) == 1, "the learner dialled back");
        Peer.Until(() =>
        {
            learner.Transport.Send(learner.Heartbeat(leader.Id)); // again and again, as Raft does: sending may lose
            return leader.Replica.ArrivedCount > 0;
        }, "the answer arrives");

        leader.Transport.SetPeers([]);
        Peer.Until(() => learner.Transport.Counters.ConnectedPeers == 0, "the learner lets go of who is gone");
    }

    [Fact]
    public void Two_that_only_dialled_each_other_back_do_not_hold_each_other()
    {
        using Peer a = new(1), b = new(2);
        using (var dialler = new RawDialler(a))
        {
            // As b itself would; a dials b back, which must not make b dial a back.
            Assert.Null(dialler.Introduce(b.Identity, a.Id).Refusal);
            Peer.Until(() => a.Replica.Connects(b.Id) == 1, "a dials back");
        }

        Peer.Until(() => a.Transport.Counters.ConnectedPeers == 0, "a lets go once nobody dials it any more");
        Assert.Equal(0, b.Replica.Connects(a.Id));
    }

    [Fact]
    public async Task Probe_says_who_is_there_and_asks_no_judge()
    {
        using Peer a = new(1), b = new(2);
        PeerIdentity? met = await a.Transport.ProbeAsync(b.Identity.RaftAddress);
        Assert.Equal(b.Identity, met);
        Assert.Empty(b.Replica.Judged);
    }
}
