using System.Globalization;
using System.Text;
using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>What stands in the peers file: lines that a person can read.</summary>
internal static class PeerFileText
{
    private const string Format = "gache gossip 1";

    public static byte[] Write(ulong generation, IReadOnlyList<SavedPeer> peers)
    {
        var text = new StringBuilder();
        text.Append(Format).Append('\n').Append(CultureInfo.InvariantCulture, $"generation {generation}\n");
        foreach (SavedPeer peer in peers)
        {
            text.Append(CultureInfo.InvariantCulture, $"peer {peer.Node} {peer.ClusterAddress} {peer.SeenAt.ToUnixTimeSeconds()}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads what <see cref="Write"/> wrote; lines that are something else are left out and said so.</summary>
    public static (ulong Generation, IReadOnlyList<SavedPeer> Peers, bool IsWhole) Read(ReadOnlySpan<byte> bytes)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        bool isWhole = lines.Length >= 2 && lines[0] == Format && lines[1].StartsWith("generation ", StringComparison.Ordinal);
        ulong generation = 0;
        List<SavedPeer> peers = [];
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split(' ');
            if (words is ["generation", var number] && ulong.TryParse(number, CultureInfo.InvariantCulture, out ulong read) && read < GossipLimits.MaxCounter) generation = read;
            else if (TryReadPeer(words) is { } peer && peers.Count < GossipLimits.MaxNodes) peers.Add(peer);
            else isWhole = false;
        }

        return (generation, peers, isWhole);
    }

    private static SavedPeer? TryReadPeer(string[] words) =>
        words is ["peer", var id, var address, var seen]
        && NodeId.TryParse(id, out NodeId node) && AdvertisedAddress.IsValid(address)
        && long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? new SavedPeer(node, address, DateTimeOffset.FromUnixTimeSeconds(seconds)) : null;
}
