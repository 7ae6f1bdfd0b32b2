using System.Text;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class BadConnectionTests
{
    private const int RefusedDialler = 303;
    private const int BadFrame = 305;

    [Fact]
    public void Bad_frame_ends_its_connection_with_one_line_that_names_peer_and_reason()
    {
        using var a = new Peer(1);
        PeerIdentity b = Peer.Stranger(2);
        using var dialler = new RawDialler(a);
        Assert.Null(dialler.Introduce(b, a.Id).Refusal);
        byte[] good = FrameTests.Encode(FrameTests.Append(2, 30)), bad = FrameTests.Encode(FrameTests.Append(2, 30));
        bad[^1] ^= 1;
        dialler.Send([.. good, .. bad, .. good]);

        Peer.Until(dialler.IsClosed, "the connection is closed");
        Peer.Until(() => a.Replica.Disconnects(b.Node) == 1, "the replica is told");
        string said = Assert.Single(a.Log.Lines, l => l.Event == BadFrame).Line;
        Assert.Contains(b.Node.ToString(), said);
        Assert.Contains("checksum", said);
        Assert.Single(a.Replica.Arrived); // nothing after a bad frame can be believed
        Assert.Equal(1, a.Transport.Counters.BadFrames);
    }

    [Fact]
    public void Garbage_on_hundreds_of_connections_leaves_the_peers_connected_and_nothing_behind()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        {
            int threads = a.Transport.ThreadCount;
            var random = new Random(5);
            for (uint i = 0; i < 300; i++)
            {
                using var dialler = new RawDialler(a);
                byte[] bytes = new byte[random.Next(1, 3000)];
                random.NextBytes(bytes);
                try
                {
                    switch (i % 3)
                    {
                        case 0: // not even a preamble
                            dialler.Send(i % 2 == 0 ? bytes : Encoding.ASCII.GetBytes("GET /key/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
                            break;
                        case 1: // a preamble with a flipped byte
                            byte[] preamble = new Preamble(ConnectionKind.Control, b.Identity, a.Id).Encode();
                            preamble[random.Next(preamble.Length)] ^= (byte)random.Next(1, 256);
                            dialler.Send(preamble);
                            break;
                        default: // garbage after a right one
                            dialler.Introduce(Peer.Stranger(1000 + i), a.Id);
                            dialler.Send(bytes);
                            break;
                    }
                }
                catch (System.Net.Sockets.SocketException)
                {
                    // Closed while we were still sending: as it should be.
                }
            }

            Peer.Until(() => a.Transport.ThreadCount <= threads, "every thread ended with its connection");
            Assert.Equal(0, a.Replica.Disconnects(b.Id));
            a.Transport.Send(a.Heartbeat(b.Id));
            Peer.Until(() => b.Replica.ArrivedCount == 1, "the peers still talk");
        }
    }

    [Fact]
    public void Dialler_that_says_nothing_is_cut_off_after_a_second()
    {
        using var a = new Peer(1);
        using var mute = new RawDialler(a);
        Peer.Until(mute.IsClosed, "the connection is closed", TimeSpan.FromSeconds(8));
        Assert.Contains("in time", a.Log.Lines.First(l => l.Event == RefusedDialler).Line);
    }

    [Fact]
    public void Older_and_newer_versions_are_refused_in_words()
    {
        using var a = new Peer(1);
        using var newer = new RawDialler(a);
        newer.Send(PreambleEnvelope.Seal(PreambleEnvelope.DiallerMagic, w =>
        {
            w.WriteUInt16(7);
            w.WriteUInt16(9);
            w.WriteText("whatever version 7 says here");
        }));
        Peer.Until(() => a.Log.Lines.Any(l => l.Event == RefusedDialler), "it is refused");
        Assert.Contains("versions 7 to 9", a.Log.Lines.First(l => l.Event == RefusedDialler).Line);
    }
}
