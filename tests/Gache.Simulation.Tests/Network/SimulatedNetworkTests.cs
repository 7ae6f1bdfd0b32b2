using Gache.Primitives;
using Gache.Raft;
using Gache.Replication;
using Xunit;

namespace Gache.Simulation.Tests;

public class SimulatedNetworkTests
{
    private readonly EventScheduler scheduler = new();
    private readonly SimulatedNetwork network;
    private readonly Node one;
    private readonly Node two;

    public SimulatedNetworkTests()
    {
        network = new SimulatedNetwork(scheduler, new SeededRandom(3));
        one = new Node(this, 1);
        two = new Node(this, 2);
    }

    [Fact]
    public void Peers_connect_and_what_is_sent_arrives_once_with_the_senders_nonce()
    {
        Meet();
        one.Send(two, 5);
        RunFor(0.1);
        Assert.Equal(["connected 1", "message 5 from 1 nonce 101"], two.Seen);
        Assert.Equal(["connected 2"], one.Seen);
    }

    [Fact]
    public void Message_without_a_connection_is_dropped()
    {
        one.Send(two, 5);
        Meet();
        Assert.Equal(["connected 1"], two.Seen);
    }

    [Fact]
    public void Answer_travels_over_the_connection_that_the_other_dialled()
    {
        Meet();
        two.Send(one, 6);
        RunFor(0.1);
        Assert.Equal(["connected 2", "message 6 from 2 nonce 102"], one.Seen);
    }

    [Fact]
    public void Refused_dialler_is_never_connected()
    {
        two.Refusal = "another shard";
        Meet();
        Assert.Empty(one.Seen);
        Assert.Empty(two.Seen);
        two.Refusal = null;
        RunFor(1);
        Assert.Equal(["connected 2"], one.Seen);
    }

    [Fact]
    public void Connection_that_meets_another_id_is_not_made()
    {
        one.Transport.SetPeers([new PeerAddress(Node.IdOf(7), two.Address)]);
        RunFor(1);
        Assert.Empty(one.Seen);
    }

    [Fact]
    public void Killed_process_is_noticed_at_once_and_its_successor_is_found()
    {
        Meet();
        two.Process.Kill();
        RunFor(0.1);
        Assert.Equal(["connected 2", "disconnected 2"], one.Seen);
        var successor = new Node(this, 2, nonce: 202);
        RunFor(1);
        Assert.Equal(["connected 2", "disconnected 2", "connected 2"], one.Seen);
        successor.Send(one, 7);
        RunFor(0.1);
        Assert.Equal("message 7 from 2 nonce 202", one.Seen[^1]);
    }

    [Fact]
    public void Message_under_way_may_arrive_after_its_sender_was_restarted_and_tells_the_old_nonce()
    {
        network.Conditions = NetworkConditions.Calm with { Leftover = 1 };
        Meet();
        two.Send(one, 8);
        two.Process.Kill();
        _ = new Node(this, 2, nonce: 202);
        RunFor(5);
        Assert.Contains("message 8 from 2 nonce 102", one.Seen);
    }

    [Fact]
    public void Cut_in_one_direction_loses_that_direction_only_and_is_noticed_later()
    {
        network.Conditions = NetworkConditions.Calm with { MostUnnoticedCut = TimeSpan.FromSeconds(9) };
        Meet();
        network.Lines.CutOneWay(one.Address, two.Address);
        one.Send(two, 1);
        two.Send(one, 2);
        RunFor(0.01);
        Assert.Contains("message 2 from 2 nonce 102", one.Seen);
        Assert.DoesNotContain("message 1 from 1 nonce 101", two.Seen);
        RunFor(30);
        Assert.Equal("disconnected 2", one.Seen[^1]);
        network.Lines.Heal();
        RunFor(1);
        Assert.Equal("connected 2", one.Seen[^1]);
        one.Send(two, 3);
        RunFor(0.1);
        Assert.Equal("message 3 from 1 nonce 101", two.Seen[^1]);
    }

    [Fact]
    public void Paused_process_hears_everything_when_it_continues()
    {
        Meet();
        two.Process.Pause();
        one.Send(two, 1);
        RunFor(3);
        Assert.DoesNotContain("message 1 from 1 nonce 101", two.Seen);
        two.Process.Resume();
        RunFor(0.1);
        Assert.Contains("message 1 from 1 nonce 101", two.Seen);
    }

    [Fact]
    public void Bad_network_loses_doubles_and_reorders_as_its_conditions_say()
    {
        network.Conditions = NetworkConditions.Calm with { Loss = 0.1, Duplication = 0.1, Slow = 0.1 };
        Meet();
        RunFor(2); // a dial may be lost too
        for (ulong i = 0; i < 1_000; i++) one.Send(two, i);
        RunFor(5);
        List<string> arrived = [.. two.Seen.Where(s => s.StartsWith("message", StringComparison.Ordinal))];
        Assert.InRange(arrived.Distinct().Count(), 850, 950);
        Assert.InRange(arrived.Count - arrived.Distinct().Count(), 50, 150);
        List<int> order = [.. arrived.Distinct().Select(a => int.Parse(a.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.NotEqual(order.Order(), order);
    }

    [Fact]
    public void Ordered_network_delivers_in_the_order_of_sending()
    {
        network.Conditions = NetworkConditions.Calm with { Slow = 0.2, KeepsOrder = true };
        Meet();
        RunFor(3);
        for (ulong i = 0; i < 200; i++) one.Send(two, i);
        RunFor(9);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"message {i} from 1 nonce 101"), two.Seen.Skip(1));
    }

    [Fact]
    public void Probe_tells_who_is_there_and_null_if_nobody_can_be_reached()
    {
        Task<PeerIdentity?> found = one.Transport.ProbeAsync(two.Address);
        Task<PeerIdentity?> nobody = one.Transport.ProbeAsync("nowhere:1");
        RunFor(1);
        Assert.Equal(102UL, ReadResult(found)?.Nonce);
        Assert.Null(ReadResult(nobody));
        network.Lines.CutOneWay(two.Address, one.Address);
        Task<PeerIdentity?> cut = one.Transport.ProbeAsync(two.Address);
        RunFor(1);
        Assert.Null(ReadResult(cut));
    }

    [Fact]
    public void Entries_are_copied_when_they_are_handed_over()
    {
        Meet();
        Entry[] reused = [new Entry(1, 1, EntryKind.NoOp, default)];
        one.Transport.Send(Node.Wrap(one, two, 1) with
        {
            Message = new Message { Kind = MessageKind.Append, From = one.Id, To = two.Id, Term = 1, Entries = reused },
        });
        reused[0] = new Entry(9, 9, EntryKind.NoOp, default);
        RunFor(0.1);
        Assert.Equal(1UL, two.LastEntry.Index);
    }

    private static PeerIdentity? ReadResult(Task<PeerIdentity?> task)
    {
        Assert.True(task.IsCompleted);
#pragma warning disable xUnit1031 // it is completed: the world's one thread did it
        return task.Result;
#pragma warning restore xUnit1031
    }

    private void Meet()
    {
        one.Transport.SetPeers([new PeerAddress(two.Id, two.Address)]);
        RunFor(0.1);
    }

    private void RunFor(double seconds) => scheduler.RunUntil(scheduler.Now + TimeSpan.FromSeconds(seconds));

    private sealed class Node : ITransportEvents
    {
        private readonly int number;

        public Node(SimulatedNetworkTests test, int number, ulong? nonce = null)
        {
            this.number = number;
            Process = new NodeProcess(test.scheduler, $"n{number}", nonce ?? (ulong)(100 + number));
            Transport = test.network.Listen(Address, Process);
            Transport.SetIdentity(new PeerIdentity(Id, new ShardId(1), new ClusterId(1), Process.Nonce, Address, $"api{number}"));
            Transport.Start(this);
        }

        public NodeProcess Process { get; }

        public SimulatedTransport Transport { get; }

        public List<string> Seen { get; } = [];

        public string? Refusal { get; set; }

        public Entry LastEntry { get; private set; }

        public NodeId Id => IdOf(number);

        public string Address => $"raft{number}";

        public static NodeId IdOf(int number) => new((UInt128)number);

        public static CoreMessage Wrap(Node from, Node to, ulong term) => new()
        {
            To = to.Id,
            Message = new Message { Kind = MessageKind.Heartbeat, From = from.Id, To = to.Id, Term = term },
        };

        public void Send(Node to, ulong term) => Transport.Send(Wrap(this, to, term));

        public void MessageArrived(PeerMessage message, NodeId from, ulong senderNonce)
        {
            Message core = ((CoreMessage)message).Message;
            if (core.Entries.Length > 0) LastEntry = core.Entries.Span[0];
            Seen.Add($"message {core.Term} from {from.Value} nonce {senderNonce}");
        }

        public void PeerConnected(NodeId peer) => Seen.Add($"connected {peer.Value}");

        public void PeerDisconnected(NodeId peer) => Seen.Add($"disconnected {peer.Value}");

        public string? Judge(PeerIdentity dialler, NodeId expectedReceiver) =>
            Refusal ?? (expectedReceiver == Id ? null : $"{expectedReceiver} is not here");
    }
}
