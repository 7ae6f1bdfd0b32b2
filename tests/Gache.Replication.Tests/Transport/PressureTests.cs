using System.Diagnostics;
using Gache.Replication.Transport.Wire;
using Xunit;

namespace Gache.Replication.Tests.Transport;

public sealed class PressureTests
{
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(250);

    [Fact]
    public void Send_to_a_stopped_peer_never_blocks_and_drops_what_does_not_fit()
    {
        using Peer a = new(1), b = new(2);
        using var release = new ManualResetEventSlim();
        b.Replica.OnArrival = _ => release.Wait(TestContext.Current.CancellationToken); // as if stopped: it receives nothing more
        try
        {
            a.Transport.SetPeers([b.Address]);
            Peer.Until(() => a.Replica.Connects(b.Id) == 1, "they are connected");
            CoreMessage append = a.Append(b.Id, 64, 4096);
            TimeSpan longest = TimeSpan.Zero;
            for (int i = 0; i < 2000 && a.Transport.Counters.MessagesDropped < 100; i++)
            {
                long begin = Stopwatch.GetTimestamp();
                a.Transport.Send(append);
                TimeSpan took = Stopwatch.GetElapsedTime(begin);
                if (took > longest) longest = took;
            }

            Assert.True(a.Transport.Counters.MessagesDropped >= 100, "the queue is bounded");
            Assert.True(longest < Prompt, $"a send took {longest}");
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public void Large_values_on_bulk_do_not_delay_a_heartbeat_on_control()
    {
        (Peer a, Peer b) = Peer.Pair(keepsMessages: false);
        using (a)
        using (b)
        {
            // The receiver of large messages is busy with each for longer than a heartbeat may wait.
            int heartbeats = 0;
            long heard = 0;
            using var isBusy = new ManualResetEventSlim();
            using var release = new ManualResetEventSlim();
            b.Replica.OnArrival = message =>
            {
                if (message is CoreMessage { Message.Entries.Length: > 0 })
                {
                    isBusy.Set();
                    release.Wait(TestContext.Current.CancellationToken);
                    return;
                }

                Volatile.Write(ref heard, Stopwatch.GetTimestamp());
                Interlocked.Increment(ref heartbeats);
            };
            for (int i = 0; i < 16; i++) a.Transport.Send(a.Append(b.Id, 4, 1024 * 1024));
            isBusy.Wait(TestContext.Current.CancellationToken);

            long sent = Stopwatch.GetTimestamp();
            a.Transport.Send(a.Heartbeat(b.Id));
            Peer.Until(() => Volatile.Read(ref heartbeats) == 1, "the heartbeat arrives");
            TimeSpan took = Stopwatch.GetElapsedTime(sent, Volatile.Read(ref heard));
            release.Set();
            Assert.True(took < Prompt, $"the heartbeat took {took}");
        }
    }

    [Fact]
    public void Messages_of_one_connection_arrive_in_order_whichever_way_they_are_sent()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        {
            // Small ones go directly, large ones over the thread, so the two ways alternate.
            for (ulong i = 0; i < 300; i++)
            {
                Peer.Until(() => (long)i - b.Replica.ArrivedCount < 30, "the peer keeps up");
                a.Transport.Send(a.Append(b.Id, 1, i % 3 == 0 ? 100_000 : 100, previousIndex: i));
            }

            Peer.Until(() => b.Replica.ArrivedCount == 300, "all have arrived");
            Assert.Equal(Enumerable.Range(0, 300), b.Replica.Arrived.Select(m => (int)((CoreMessage)m.Message).Message.LogIndex));
        }
    }

    [Fact]
    public void Frame_of_nearly_16_MiB_gets_through()
    {
        (Peer a, Peer b) = Peer.Pair();
        using (a)
        using (b)
        {
            CoreMessage large = a.Append(b.Id, 2, 8 * 1024 * 1024 - 200);
            Assert.InRange(PeerFrame.SizeOf(large), PeerFrame.MaxLength - 1000, PeerFrame.MaxLength);
            a.Transport.Send(large);
            Peer.Until(() => b.Replica.ArrivedCount == 1, "it arrives");
            SameMessage.Check(large, b.Replica.Arrived.First().Message);
        }
    }
}
