using System.Text;
using Gache.Primitives;
using Xunit;

namespace Gache.Cluster.Tests.Gossip;

public sealed class PeersFileTests
{
    private static readonly DateTimeOffset Today = new(2030, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly List<Action> background = [];
    private readonly List<Exception> failures = [];
    private byte[]? file;
    private bool isFailing;

    [Fact]
    public void Generation_and_peers_are_read_back()
    {
        FilePeerStore store = Open();
        Assert.Equal(0ul, store.ReadGeneration());
        Assert.Empty(store.ReadPeers());
        store.SaveGeneration(41);
        SavedPeer[] peers = [Peer(1, Today), Peer(2, Today.AddDays(-3))];
        store.SavePeers(peers);
        RunBackground();
        FilePeerStore again = Open();
        Assert.Equal(41ul, again.ReadGeneration());
        Assert.Equal(peers, again.ReadPeers());
        Assert.False(again.IsDamaged);
    }

    [Fact]
    public void A_generation_is_on_disk_before_the_call_returns_and_peers_do_not_wait_for_the_disk()
    {
        FilePeerStore store = Open();
        store.SaveGeneration(41);
        Assert.Contains("generation 41", Encoding.UTF8.GetString(file!), StringComparison.Ordinal);
        store.SavePeers([Peer(1, Today)]);
        store.SavePeers([Peer(2, Today)]);
        Assert.DoesNotContain("peer", Encoding.UTF8.GetString(file!), StringComparison.Ordinal);
        Assert.Single(background); // the second waits for the first and goes with it
        RunBackground();
        Assert.Equal(Peer(2, Today), Assert.Single(Open().ReadPeers()));
    }

    [Fact]
    public void A_disk_that_fails_is_an_error_for_a_generation_and_a_word_for_peers()
    {
        FilePeerStore store = Open();
        isFailing = true;
        Assert.Throws<IOException>(() => store.SaveGeneration(41));
        store.SavePeers([Peer(1, Today)]);
        RunBackground();
        Assert.Single(failures);
        isFailing = false;
        store.SavePeers([Peer(2, Today)]);
        RunBackground();
        Assert.Single(Open().ReadPeers());
    }

    [Theory]
    [InlineData("")]
    [InlineData("something else\n")]
    [InlineData("gache gossip 1\ngeneration x\n")]
    [InlineData("gache gossip 1\ngeneration 5\npeer 12 a:1 5\n")]
    [InlineData("gache gossip 1\ngeneration 5\npeer 00000000000000000000000000000001 a:1 99999999999999\n")]
    public void A_file_that_is_not_whole_costs_only_what_cannot_be_read_and_is_said(string text)
    {
        file = Encoding.UTF8.GetBytes(text);
        FilePeerStore store = Open();
        Assert.True(store.IsDamaged);
        Assert.Empty(store.ReadPeers());
        Assert.Equal(text.Contains("generation 5", StringComparison.Ordinal) ? 5ul : 0ul, store.ReadGeneration());
    }

    [Fact]
    public void Peers_are_forgotten_thirty_days_before_the_latest_and_the_latest_thousand_stay()
    {
        var saved = new MemoryPeerStore { Peers = [.. Enumerable.Range(0, 1_500).Select(i => Peer(i + 10, Today.AddMinutes(-i - 1)))] };
        saved.Peers = [.. saved.Peers, Peer(5, Today.AddDays(-29)), Peer(6, Today.AddDays(-31))];
        var book = new PeerBook("me:9001", [], saved);
        book.Refresh([Alive(1)], Today, TimeSpan.FromSeconds(5));
        Assert.Equal(GossipLimits.MaxNodes, saved.Peers.Count);
        Assert.Equal(new NodeId(1), saved.Peers[0].Node);

        saved.Peers = [Peer(5, Today.AddDays(-29)), Peer(6, Today.AddDays(-31))];
        new PeerBook("me:9001", [], saved).Refresh([Alive(1)], Today, TimeSpan.FromSeconds(5));
        Assert.Equal([new NodeId(1), new NodeId(5)], saved.Peers.Select(peer => peer.Node));
    }

    [Fact]
    public void Nothing_is_written_while_nobody_comes_or_moves_but_once_an_hour()
    {
        var saved = new MemoryPeerStore();
        var book = new PeerBook("me:9001", [], saved);
        TimeSpan now = TimeSpan.Zero;
        int writes = 0;
        for (int second = 0; second < 2 * 3600; second++)
        {
            IReadOnlyList<SavedPeer> before = saved.Peers;
            now += TimeSpan.FromSeconds(1);
            book.Refresh([Alive(1)], Today + now, now);
            if (!ReferenceEquals(before, saved.Peers)) writes++;
        }

        Assert.InRange(writes, 2, 3);
    }

    [Fact]
    public void A_name_that_led_here_is_tried_again_but_seldom_and_the_own_address_never()
    {
        var book = new PeerBook("me:9001", ["me:9001", "all:9001"], new MemoryPeerStore());
        TimeSpan now = TimeSpan.Zero;
        Assert.Equal("all:9001", Next());
        book.LedHere("all:9001");
        now += TimeSpan.FromSeconds(9);
        Assert.Null(Next());
        now += TimeSpan.FromSeconds(1);
        Assert.Equal("all:9001", Next());
        book.HasAnswered("all:9001"); // another one did
        now += TimeSpan.FromSeconds(1);
        Assert.Equal("all:9001", Next());

        string? Next() => book.Next(new HashSet<string>(), every: TimeSpan.FromSeconds(1), unmetEvery: TimeSpan.FromSeconds(1), ledHereEvery: TimeSpan.FromSeconds(10), now);
    }

    private static SavedPeer Peer(int number, DateTimeOffset seen) => new(new NodeId((UInt128)number), $"10.0.0.{number % 250}:9001", seen);

    private static KnownNode Alive(int number) => new(new NodeId((UInt128)number))
    {
        IsAlive = true,
        Record = new NodeRecord { Node = new NodeId((UInt128)number), ApiAddress = "a:1", ClusterAddress = "a:2" },
    };

    private FilePeerStore Open() => new(
        () => file,
        bytes => file = isFailing ? throw new IOException("no space left") : bytes,
        background.Add,
        failures.Add);

    private void RunBackground()
    {
        foreach (Action action in background.ToArray()) action();
        background.Clear();
    }
}
