using System.Net;
using System.Net.Sockets;

namespace Gache.Tool.Playground;

/// <summary>The ports of a playground, numbered as in the README: API 8001 and up, raft 7001 and up, cluster 9001 and up.</summary>
/// <param name="First">API port of the first node.</param>
internal readonly record struct PortBlock(int First)
{
    /// <summary>Raft ports lie this far below, cluster ports above.</summary>
    private const int Distance = 1_000;

    /// <summary>From block to block, where the first is taken: 8101 instead of 8001 is still easy to read.</summary>
    private const int Step = 100;

    /// <summary>From here on the kernel gives ports to outgoing connections, so that a free one may be taken a moment later.</summary>
    private const int FirstEphemeral = 32_768;

    private const int FirstUnprivileged = 1_024;

    /// <summary>The least <see cref="First"/> whose raft ports need no privilege.</summary>
    public const int LeastFirst = FirstUnprivileged + Distance;

    /// <summary>The largest <see cref="First"/> of which all ports exist, whatever the number of nodes.</summary>
    public const int MostFirst = IPEndPoint.MaxPort - Distance - (PlaygroundOptions.MaxShards * PlaygroundOptions.MaxReplicas);

    public int Api(int node) => First + node - 1;

    public int Raft(int node) => Api(node) - Distance;

    public int Cluster(int node) => Api(node) + Distance;

    /// <summary>The block that begins at the port asked for, else the first block from the default on that is free.</summary>
    /// <returns>Null if there is none; <paramref name="taken"/> is then the port that was asked for in vain, or 0.</returns>
    public static PortBlock? Find(PlaygroundOptions options, Func<int, bool> isFree, out int? taken)
    {
        taken = null;
        if (options.Port is { } asked)
        {
            var block = new PortBlock(asked);
            taken = block.FirstTaken(options, isFree);
            return taken is null ? block : null;
        }

        for (int first = PlaygroundOptions.DefaultPort; first + Distance + options.Nodes < FirstEphemeral; first += Step)
        {
            var block = new PortBlock(first);
            if (block.FirstTaken(options, isFree) is null) return block;
        }

        taken = 0;
        return null;
    }

    /// <summary>Whether nobody listens on a port of this machine's loopback addresses.</summary>
    public static bool IsFree(int port) => CanBind(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanBind(IPAddress.IPv6Loopback, port));

    private int? FirstTaken(PlaygroundOptions options, Func<int, bool> isFree)
    {
        for (int node = 1; node <= options.Nodes; node++)
        {
            if (!isFree(Api(node))) return Api(node);
            if (options.Replicas > 1 && !isFree(Raft(node))) return Raft(node);
            if (options.Shards > 1 && !isFree(Cluster(node))) return Cluster(node);
        }

        return null;
    }

    private static bool CanBind(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode == SocketError.AddressNotAvailable; // no ::1 on this machine: nothing can be in its way
        }
    }
}
