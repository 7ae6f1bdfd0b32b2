using System.IO.Hashing;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>The nodes told of, in the order of their ids: two nodes with the same roster need no names between them.</summary>
internal sealed class Roster
{
    public Roster(IEnumerable<KnownNode> told)
    {
        Nodes = [.. told.OrderBy(node => node.Id)];
        Generations = [.. Nodes.Select(node => node.Generation)];
        var writer = new ByteWriter(Nodes.Count * 24);
        for (int i = 0; i < Nodes.Count; i++)
        {
            writer.WriteUInt128(Nodes[i].Id.Value);
            writer.WriteUInt64(Generations[i]);
        }

        Hash = XxHash3.HashToUInt64(writer.Written);
    }

    public IReadOnlyList<KnownNode> Nodes { get; }

    /// <summary>The generations that the hash was made over; a node may have another by the time an answer comes.</summary>
    public ulong[] Generations { get; }

    public ulong Hash { get; }

    /// <summary>The node at a place, if it still is in the life that the hash was made over.</summary>
    public KnownNode? At(int place) => Nodes[place].Generation == Generations[place] ? Nodes[place] : null;

    /// <summary>Over the versions of all records and load records.</summary>
    public ulong HashContent()
    {
        var writer = new ByteWriter(Nodes.Count * 16);
        foreach (KnownNode node in Nodes)
        {
            writer.WriteUInt64(node.Version);
            writer.WriteUInt64(node.LoadVersion);
        }

        return XxHash3.HashToUInt64(writer.Written);
    }
}
