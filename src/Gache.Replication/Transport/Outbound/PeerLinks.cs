using Gache.Primitives;
using Gache.Replication.Transport.Peers;
using Gache.Replication.Transport.Wire;

namespace Gache.Replication.Transport.Outbound;

/// <summary>The two links to one peer.</summary>
/// <param name="Address">Where it is dialled.</param>
/// <param name="Control">Small and urgent messages.</param>
/// <param name="Bulk">Entries and snapshots.</param>
internal sealed record LinkPair(string Address, PeerLink Control, PeerLink Bulk)
{
    /// <summary>It is no peer by configuration, but it dialled us and was accepted, so it must be possible to answer it.</summary>
    public bool IsDialBack => Control.IsDialBack;

    /// <summary>It is a peer by configuration.</summary>
    public void BecomePeer() => Control.IsDialBack = Bulk.IsDialBack = false;
}

/// <summary>Whom we dial: the configured peers, and whoever dialled us and was accepted, as long as its connection stands.</summary>
/// <remarks>Without dialling back, a learner that knows no configuration yet could not answer the leader that sends it one.</remarks>
internal sealed class PeerLinks(TransportEnvironment environment, PeerProcesses processes)
{
    private readonly Lock gate = new();
    private readonly Dialler dialler = new(environment);
    private volatile Dictionary<NodeId, LinkPair> pairs = []; // replaced, never changed: senders look without a lock

    public LinkPair? Find(NodeId peer) => pairs.GetValueOrDefault(peer);

    /// <summary>Stops what is no peer any more, starts what is new, leaves the rest alone.</summary>
    public void Set(IReadOnlyCollection<PeerAddress> peers)
    {
        HashSet<NodeId> removed = [];
        List<LinkPair> stopping = [];
        lock (gate)
        {
            NodeId self = environment.Identity.Node;
            var next = new Dictionary<NodeId, LinkPair>();
            foreach (PeerAddress peer in peers)
            {
                if (peer.Node == self) continue;
                if (pairs.TryGetValue(peer.Node, out LinkPair? known) && known.Address == peer.RaftAddress) known.BecomePeer();
                else known = Start(peer, isDialBack: false);
                next[peer.Node] = known;
            }

            foreach ((NodeId node, LinkPair pair) in pairs)
            {
                if (next.TryGetValue(node, out LinkPair? kept))
                {
                    if (kept != pair) stopping.Add(pair);
                }
                else if (pair.IsDialBack && processes.HasAccepted(node))
                {
                    next[node] = pair;
                }
                else
                {
                    stopping.Add(pair);
                    removed.Add(node);
                }
            }

            pairs = next;
        }

        // All of a peer's connections at once, before its links: it closes the others as soon as it sees one closed, and that would be news.
        processes.CloseQuietly(c => removed.Contains(c.Peer.Node), "it is no peer any more");
        foreach (LinkPair pair in stopping) Stop(pair);
    }

    /// <summary>A node's control connection was accepted.</summary>
    public void DialBack(PeerIdentity peer)
    {
        lock (gate)
        {
            if (environment.Stopped.IsCancellationRequested || pairs.ContainsKey(peer.Node) || peer.Node == environment.Identity.Node) return;
            LinkPair pair = Start(new PeerAddress(peer.Node, peer.RaftAddress), isDialBack: true);
            pairs = new Dictionary<NodeId, LinkPair>(pairs) { [peer.Node] = pair };
        }
    }

    /// <summary>An accepted control connection of this node ended.</summary>
    public void EndDialBack(NodeId peer)
    {
        lock (gate)
        {
            if (!pairs.TryGetValue(peer, out LinkPair? pair) || !pair.IsDialBack || processes.HasAccepted(peer)) return;
            Stop(pair);
            var next = new Dictionary<NodeId, LinkPair>(pairs);
            next.Remove(peer);
            pairs = next;
        }
    }

    private LinkPair Start(PeerAddress peer, bool isDialBack)
    {
        var pair = new LinkPair(peer.RaftAddress,
            new PeerLink(environment, processes, dialler, peer, ConnectionKind.Control) { IsDialBack = isDialBack },
            new PeerLink(environment, processes, dialler, peer, ConnectionKind.Bulk) { IsDialBack = isDialBack });
        pair.Control.Start();
        pair.Bulk.Start();
        return pair;
    }

    private static void Stop(LinkPair pair)
    {
        pair.Control.Stop();
        pair.Bulk.Stop();
    }
}
