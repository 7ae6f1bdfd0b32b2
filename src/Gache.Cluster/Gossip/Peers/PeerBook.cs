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
    private readonly HashSet<string> ownAddresses = [];
    private TimeSpan nextLook;
    private TimeSpan nextRefresh;

    public PeerBook(IReadOnlyList<string> seeds, IPeerStore saved)
    {
        (this.seeds, this.saved) = ([.. seeds.Distinct()], saved);
        foreach (SavedPeer peer in saved.ReadPeers()) peers[peer.Node] = peer;
    }

    /// <summary>This node itself answered there; it is not tried again in this life.</summary>
    public void IsOwn(string address) => ownAddresses.Add(address);

    /// <summary>The address of no live node that was not tried for the longest; null if all were tried within <paramref name="every"/>.</summary>
    public string? Next(IReadOnlySet<string> live, TimeSpan every, TimeSpan now)
    {
        (string? next, TimeSpan longest) = (null, TimeSpan.MaxValue);
        foreach (string address in seeds.Concat(peers.Values.Select(peer => peer.ClusterAddress)))
        {
            if (live.Contains(address) || ownAddresses.Contains(address)) continue;
            TimeSpan tried = triedAt.GetValueOrDefault(address, -every);
            if (tried + every <= now && tried < longest) (next, longest) = (address, tried);
        }

        if (next is not null) triedAt[next] = now;
        return next;
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
