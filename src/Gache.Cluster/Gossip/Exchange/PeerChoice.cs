namespace Gache.Cluster;

/// <summary>With whom the next exchange is: live peers in a shuffled order, so that each is met once before any twice (SWIM §4.3).</summary>
internal sealed class PeerChoice(NodeTable table, Random random)
{
    private readonly List<KnownNode> turn = [];

    /// <summary>The live peer whose turn it is; null if none is alive.</summary>
    public KnownNode? NextLive()
    {
        for (int refills = 0; refills < 2; refills++)
        {
            while (turn.Count > 0)
            {
                KnownNode next = turn[^1];
                turn.RemoveAt(turn.Count - 1);
                if (next.IsAlive && next.Record is not null && table.TryGet(next.Id, out KnownNode? known) && known == next) return next;
            }

            turn.AddRange(Live);
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(turn));
        }

        return null;
    }

    /// <summary>Some live peers, none twice.</summary>
    public IReadOnlyList<KnownNode> SomeLive(int count)
    {
        KnownNode[] live = [.. Live];
        random.Shuffle(live);
        return live.Length <= count ? live : live[..count];
    }

    /// <summary>Now and then one that is not alive here: the more of them there are among the known, the more often.</summary>
    public KnownNode? SometimesDead()
    {
        KnownNode[] dead = [.. table.Nodes.Where(node => node != table.Own && !node.IsAlive && node.Record is not null)];
        if (dead.Length == 0) return null;
        int live = table.Nodes.Count - dead.Length; // this node too, so never zero
        return random.NextDouble() * live < dead.Length ? dead[random.Next(dead.Length)] : null;
    }

    /// <summary>The addresses of live nodes, this one's too: no need to look for anybody there.</summary>
    public IReadOnlySet<string> LiveAddresses() =>
        table.Nodes.Where(node => node.IsAlive && node.Record is not null).Select(node => node.Record!.ClusterAddress).ToHashSet();

    /// <summary>How many peers are alive.</summary>
    public int LiveCount => Live.Count();

    private IEnumerable<KnownNode> Live => table.Nodes.Where(node => node != table.Own && node.IsAlive && node.Record is not null);
}
