using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>Records that changed and are to be pushed at once, each by each node once, to a few others.</summary>
/// <remarks>With four receivers a node, a change reaches nearly all in a few hops; whom it misses hears of it in the next exchange.</remarks>
internal sealed class Rumors
{
    /// <summary>To how many live peers a change is pushed.</summary>
    public const int Fanout = 4;

    private readonly List<NodeId> changed = [];
    private readonly HashSet<NodeId> isChanged = [];
    private TimeSpan nextPush;

    public void Add(NodeId node)
    {
        if (isChanged.Add(node)) changed.Add(node);
    }

    public bool IsDue(TimeSpan now) => changed.Count > 0 && now >= nextPush;

    /// <summary>Takes the records to push now, the oldest first, as many as go into one message; the rest waits for the next.</summary>
    public IReadOnlyList<KnownNode> Take(NodeTable table, TimeSpan now, TimeSpan pushEvery)
    {
        nextPush = now + pushEvery;
        List<KnownNode> taken = [];
        (int bytes, int count) = (0, 0);
        foreach (NodeId id in changed)
        {
            if (bytes >= GossipLimits.MaxFrameBytes) break;
            count++;
            isChanged.Remove(id);
            if (!table.TryGet(id, out KnownNode? node)) continue; // gone again
            taken.Add(node);
            bytes += node.Body.Length + RecordEntry.LeastBytes;
        }

        changed.RemoveRange(0, count);
        return taken;
    }
}
