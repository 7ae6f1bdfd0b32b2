using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Where to look for nodes that are not alive here: the seeds, and the peers of earlier days. Tried for ever, the longest untried first.</summary>
internal sealed class PeerBook
{
    /// <summary>A peer that was not seen for so long before the latest seen one is forgotten.</summary>
    public static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(30);

    /// <summary>How often it is looked at who is alive, and so the least time between two saves.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>How old "last seen" may become on disk while a peer is alive.</summary>
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromHours(1);

    private readonly IReadOnlyList<string> seeds;
    private readonly IPeerStore saved;
    private readonly Dictionary<NodeId, SavedPeer> peers = [];
    private readonly Dictionary<string, TimeSpan> triedAt = [];
    private readonly HashSet<string> ledHere = [];
    private readonly HashSet<string> answered = [];
    private readonly string ownAddress;
    private TimeSpan nextLook;
    private TimeSpan nextRefresh;

    /// <summary>Opens it.</summary>
    /// <param name="ownAddress">This node's own advertised cluster address, which is never tried.</param>
    /// <param name="seeds">The addresses that the operator named.</param>
    /// <param name="saved">The peers of earlier days.</param>
    public PeerBook(string ownAddress, IReadOnlyList<string> seeds, IPeerStore saved)
    {
        (this.ownAddress, this.seeds, this.saved) = (ownAddress, [.. seeds.Distinct()], saved);
        foreach (SavedPeer peer in saved.ReadPeers()) peers[peer.Node] = peer;
    }

    /// <summary>Where others were before this life of the node, or are to be.</summary>
    public IEnumerable<string> Others => seeds.Concat(peers.Values.Select(peer => peer.ClusterAddress)).Where(address => address != ownAddress).Distinct();

    /// <summary>This node itself answered there. A name may have several addresses, or another one tomorrow: it is tried again, but seldom.</summary>
    public void LedHere(string address) => ledHere.Add(address);

    /// <summary>Another node answered there. Until that a seed is tried often: it may be the only bridge between two halves that form.</summary>
    public void HasAnswered(string address)
    {
        ledHere.Remove(address);
        if (seeds.Contains(address)) answered.Add(address);
    }

    /// <summary>The address of no live node that was not tried for the longest.</summary>
    /// <param name="live">Where live nodes are.</param>
    /// <param name="every">How often an address is tried.</param>
    /// <param name="unmetEvery">How often a seed that has not answered yet is.</param>
    /// <param name="ledHereEvery">How often one is at the most behind which this node itself was.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null if all were tried within that.</returns>
    public string? Next(IReadOnlySet<string> live, TimeSpan every, TimeSpan unmetEvery, TimeSpan ledHereEvery, TimeSpan now)
    {
        string? next = null;
        TimeSpan longest = TimeSpan.MaxValue;
        foreach (string seed in seeds) Consider(seed, answered.Contains(seed) ? every : unmetEvery);
        foreach (SavedPeer peer in peers.Values) Consider(peer.ClusterAddress, every);
        if (next is not null) triedAt[next] = now;
        return next;

        void Consider(string address, TimeSpan every)
        {
            if (live.Contains(address) || address == ownAddress) return;
            if (ledHere.Contains(address) && every < ledHereEvery) every = ledHereEvery;
            TimeSpan tried = triedAt.GetValueOrDefault(address, -every);
            if (tried + every <= now && tried < longest) (next, longest) = (address, tried);
        }
    }

    /// <summary>An operator forgot a node.</summary>
    /// <returns>False if it is not among the peers.</returns>
    public bool Forget(NodeId node, TimeSpan now)
    {
        if (!peers.Remove(node, out SavedPeer? peer)) return false;
        triedAt.Remove(peer.ClusterAddress);
        Save(now);
        return true;
    }

    /// <summary>Takes over who is alive, and saves it if somebody is new or moved, or hours have passed.</summary>
    public void Refresh(IEnumerable<KnownNode> alive, DateTimeOffset utcNow, TimeSpan now)
    {
        if (now < nextLook) return;
        nextLook = now + LookEvery;
        bool isChanged = now >= nextRefresh;
        foreach (KnownNode node in alive)
        {
            if (node.Record is not { } record) continue;
            isChanged |= !peers.TryGetValue(node.Id, out SavedPeer? known) || known.ClusterAddress != record.ClusterAddress;
            peers[node.Id] = new SavedPeer(node.Id, record.ClusterAddress, utcNow);
        }

        if (!isChanged || peers.Count == 0) return;
        Prune();
        Save(now);
    }

    private void Save(TimeSpan now)
    {
        nextRefresh = now + RefreshEvery;
        saved.SavePeers([.. peers.Values.OrderByDescending(peer => peer.SeenAt)]);
    }

    private void Prune()
    {
        // Counted from the latest seen, not from now: a node that was switched off for two months must still find its cluster.
        DateTimeOffset oldest = peers.Values.Max(peer => peer.SeenAt) - ForgetAfter;
        SavedPeer[] latest = [.. peers.Values.OrderByDescending(peer => peer.SeenAt)];
        for (int i = 0; i < latest.Length; i++)
        {
            if (i < GossipLimits.MaxNodes && latest[i].SeenAt >= oldest) continue;
            peers.Remove(latest[i].Node);
            triedAt.Remove(latest[i].ClusterAddress);
        }
    }
}
