using System.Diagnostics;
using System.Net.Sockets;
using Gache.Primitives;
using Gache.Replication.Transport;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class LifetimeTests
{
    [Fact]
    public void Threads_and_sockets_are_gone_after_dispose()
    {
        (Peer a, Peer b) = Peer.Pair();
        var absent = new PeerAddress(new NodeId(9), "127.0.0.1:1");
        a.Transport.SetPeers([b.Address, absent]);
        Assert.True(a.Transport.ThreadCount >= 5, $"{a.Transport.ThreadCount} threads");
        a.Dispose();
        Assert.Equal(0, a.Transport.ThreadCount);
        Peer.Until(() => b.Replica.IsDisconnected(a.Id), "b sees the connections close");
        b.Dispose();
        Assert.Equal(0, b.Transport.ThreadCount);
        using var again = new Peer(1, listen: a.Identity.RaftAddress);
        Assert.Equal(a.Port, again.Port);
    }

    /// <summary>A peer that is dropped while it is dialled: the socket closes between the answer and the confirmation.</summary>
    [Fact]
    public void A_connection_that_is_called_off_while_it_is_made_is_no_fault()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Dispose();
        Assert.False(PeerSocket.TrySendAll(socket, [1]));
    }

    [Fact]
    public async Task Thread_of_a_probe_ends_with_it()
    {
        using Peer a = new(1), b = new(2);
        int atRest = b.Transport.ThreadCount;
        long began = Stopwatch.GetTimestamp();
        for (int answered = 0; answered < 20;)
        {
            if (await a.Transport.ProbeAsync(b.Identity.RaftAddress) is not null) answered++; // a busy machine may answer some too late
            Assert.True(Stopwatch.GetElapsedTime(began) < Peer.Patience, $"{answered} probes were answered");
        }

        Peer.Until(() => b.Transport.ThreadCount == atRest && a.Transport.ThreadCount == atRest, "no thread is left behind");
    }

    [Fact]
    public async Task Probe_of_an_address_where_nobody_is_says_null()
    {
        using var a = new Peer(1);
        Assert.Null(await a.Transport.ProbeAsync("127.0.0.1:1"));
        Assert.Null(await a.Transport.ProbeAsync("no port"));
        Assert.Null(await a.Transport.ProbeAsync("no-such-host.invalid:7001"));
    }

    [Fact]
    public void Port_in_use_is_refused_naming_the_address()
    {
        using var a = new Peer(1);
        var refused = Assert.Throws<TransportListenException>(() => new Peer(2, listen: a.Identity.RaftAddress));
        Assert.Equal(ListenFailure.AddressInUse, refused.Failure);
        Assert.Contains(a.Identity.RaftAddress, refused.Message);
    }

    [Theory]
    [InlineData("0.0.0.0:0", ListenFailure.NotLoopback)]
    [InlineData("[::]:0", ListenFailure.NotLoopback)]
    [InlineData("127.0.0.1", ListenFailure.BadAddress)]
    [InlineData("::1:7001", ListenFailure.BadAddress)]
    [InlineData("127.0.0.1:70000", ListenFailure.BadAddress)]
    [InlineData("no-such-host.invalid:7001", ListenFailure.BadAddress)]
    public void Address_that_may_not_or_cannot_be_opened_is_refused(string listen, ListenFailure failure) =>
        Assert.Equal(failure, Assert.Throws<TransportListenException>(() => new Peer(1, listen: listen)).Failure);

    [Fact]
    public void Other_machines_may_be_let_in_outright()
    {
        var identity = new PeerIdentity(new NodeId(1), Peer.Shard, Peer.Cluster, 1, "a:1", "a:2");
        using var open = new TcpTransport(new TcpTransportOptions { ListenAddress = "0.0.0.0:0", Identity = identity, AllowNonLoopback = true });
        Assert.NotEqual(0, open.ListenEndPoint.Port);
    }

    [Fact]
    public void Peer_that_is_taken_out_is_let_go_and_another_taken_in()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        using (var c = new Peer(3))
        {
            c.Transport.SetPeers([a.Address]);
            a.Replica.Verdict = (dialler, _) => dialler.Node == b.Id ? "it was removed" : null;
            a.Transport.SetPeers([c.Address]);
            Peer.Until(() => a.Replica.Connects(c.Id) >= 1, "c is connected");
            Peer.Until(() => a.Transport.Counters.ConnectedPeers == 1 && b.Transport.Counters.ConnectedPeers == 0, "b is let go");
            Assert.Equal(0, a.Replica.Disconnects(b.Id)); // it was our own wish
            long dropped = a.Transport.Counters.MessagesDropped;
            a.Transport.Send(a.Heartbeat(b.Id));
            Assert.Equal(dropped + 1, a.Transport.Counters.MessagesDropped);
        }
    }
}
